"""Schedules what happens in a team's workload: starts, saves, idleness, ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from random import Random

from loopsweb.simulator.background_activity import BackgroundActivity
from loopsweb.simulator.entities import Run, Sampler
from loopsweb.simulator.identities import User
from loopsweb.simulator.population import add_users
from loopsweb.simulator.workload import ADA, GRACE, JOBS, NOOR, PAST, QWEN_8B, QWEN_32B, Job

CREATED_FOR = 8 / 3600
NEWEST_START = 40 / 3600  # before the present
JITTER = 0.12
# Of a standalone sampler: in hours before the present, by turns scaled to zero and woken up.
SWITCHES = (52.0, 47.5, 30.2, 23.1, 18.95, 8.8, 3.9)


class WorkloadSchedule:
    """Schedules events at hours before the present, which is PAST after the clock's time."""

    def __init__(self, activity: BackgroundActivity) -> None:
        self.activity, self.lifecycle = activity, activity.lifecycle
        self.world = activity.world
        self.present = self.world.now + PAST
        self.users: tuple[User, ...] = add_users(self.world)

    def at(self, hours: float, event: Callable[[], None]) -> None:
        self.world.schedule.add_event(self.present - timedelta(hours=hours), event)

    def start_job(self, job: Job) -> None:
        """Create its run, and schedule what becomes of it."""
        run = self.world.add_run(
            owner=self.users[job.owner],
            base_model=job.base_model,
            name=job.name,
            serverless=job.serverless,
            lora_rank=job.lora_rank,
        )
        if run.sampler is not None and not job.serverless:
            self.lifecycle.boot_sampler(run.sampler)
        if not job.serverless:
            self.world.add_deployment(run=run, status="CREATED", availability_model=job.capacity)
            self.schedule_statuses(job, run)
        for number, hours in enumerate(list_saves(job), 1):
            self.at(hours, partial(self.save, run, 100 * number))

    def schedule_statuses(self, job: Job, run: Run) -> None:
        deployment = run.deployment
        if deployment is None:
            return

        def change(before: str, after: str) -> None:
            if deployment.status == before and not deployment.stopping:
                deployment.status = after

        self.at(job.created - CREATED_FOR, partial(change, "CREATED", "DEPLOYING"))
        if job.boot is not None:
            self.at(job.created - job.boot / 60, partial(change, "DEPLOYING", "RUNNING"))
        if job.scaled is not None:
            self.at(job.scaled, partial(self.lifecycle.scale_to_zero, deployment))
        if job.ended is not None:
            hours, status = job.ended
            self.at(hours, partial(self.lifecycle.end_deployment, deployment, status))

    def save(self, run: Run, step: int) -> None:
        is_serverless = run.deployment is None and run.status == "ACTIVE"
        if is_serverless or (run.deployment and run.deployment.status == "RUNNING"):
            self.activity.save_checkpoints(run, step)

    def add_samplers(self) -> None:
        """Three without a run: one that scales to zero and back, one that fails, one that serves
        the newest sampler checkpoint."""
        cycled = self.world.add_sampler(owner=self.users[ADA], base_model=QWEN_8B)
        self.lifecycle.boot_sampler(cycled)
        for number, hours in enumerate(SWITCHES):
            self.at(hours, partial(self.switch, cycled, to_zero=number % 2 == 0))
        self.at(25.0, self.fail_sampler)
        self.at(20.0, self.serve_checkpoint)

    def switch(self, sampler: Sampler, *, to_zero: bool) -> None:
        if sampler.status in ("DEACTIVATING", "INACTIVE"):
            return
        if to_zero:
            sampler.status = "SCALED_TO_ZERO"
        else:
            self.lifecycle.wake_sampler(sampler)

    def fail_sampler(self) -> None:
        sampler = self.world.add_sampler(
            owner=self.users[NOOR], base_model=QWEN_32B, status="BUILDING"
        )
        self.at(24.8, partial(setattr, sampler, "status", "DEPLOY_FAILED"))

    def serve_checkpoint(self) -> None:
        saved = [one for one in self.world.checkpoints.values() if one.target == "sampler"]
        if saved:
            newest = saved[-1]
            sampler = self.world.add_sampler(
                owner=self.users[GRACE], base_model=newest.run.base_model, model_path=newest.uri
            )
            self.lifecycle.boot_sampler(sampler)


def schedule_workload(activity: BackgroundActivity) -> None:
    """Schedule the past and the days to come in an empty world. The same seed gives the same."""
    activity.reset()
    schedule = WorkloadSchedule(activity)
    activity.users.extend(schedule.users)
    for job in JOBS:
        schedule.at(job.created, partial(schedule.start_job, job))
    schedule.at(PAST / timedelta(hours=1), schedule.add_samplers)
    schedule.at(NEWEST_START, activity.start_training)


def list_saves(job: Job) -> Iterator[float]:
    """When it is saved, in hours before the present, the first first."""
    if job.boot is None:
        return
    random = Random(job.name)  # noqa: S311
    interval, newest = job.every / 60, max(job.saved_until, job.newest)
    oldest = job.created - (job.boot / 60) - interval
    past = int((oldest - newest) // interval)
    for number in range(past, 0, -1):
        yield newest + interval * (number + random.uniform(-JITTER, JITTER))
    yield newest
    for number in range(1, int((newest - job.saved_until) // interval) + 1):
        yield newest - interval * (number + random.uniform(-JITTER, JITTER))
