"""The initial organisation: three users, their runs, deployments, samplers and checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from random import Random

from loopsweb.simulator.background_activity import BackgroundActivity
from loopsweb.simulator.catalogue import MODELS
from loopsweb.simulator.entities import ENDED, Run
from loopsweb.simulator.identities import OWN_SCOPE, User
from loopsweb.simulator.training_history import (
    add_checkpoint_history,
    add_training,
    make_unloadable,
    move_to_volume,
    split_into_many_files,
)
from loopsweb.simulator.world import World

# The first twelve runs: the status of their deployments, their capacity, and their age in hours.
FIRST_RUNS = (
    ("RUNNING", "dedicated", 9.0),
    ("RUNNING", "dedicated", 5.5),
    ("SCALED_TO_ZERO", "dedicated", 30.0),
    ("RUNNING", "spot", 3.2),
    ("FAILED", "dedicated", 26.0),
    ("PREEMPTED", "spot", 51.0),
    ("DEPLOYING", "dedicated", 0.01),
    ("STOPPED", "dedicated", 74.0),
    ("RUNNING", "dedicated", 1.7),
    ("CREATED", "spot", 0.001),
    ("SERVERLESS", "dedicated", 0.8),
    ("STOPPED", "dedicated", 98.0),
)
SHARED_SESSION_RUN = 3  # shares the first run's session: both are Ada's
UNLOADABLE_RUN = 11
LATER_STATES = (
    *[("STOPPED", "dedicated")] * 23,
    ("SCALED_TO_ZERO", "dedicated"),
    ("FAILED", "spot"),
)


def populate(
    world: World,
    activity: BackgroundActivity,
    *,
    generation: str,
    runs: int,
    checkpoints_per_run: int,
) -> None:
    """Fill an empty world. The same seed, size and time give the same world."""
    activity.reset()
    random = Random(f"{world.seed}/population")  # noqa: S311
    ada, grace, noor = add_users(world)
    owners = cycle((ada, ada, grace, ada, noor, ada))
    models = cycle([model.name for model in MODELS.values() if model.enabled])
    activity.users.extend((ada, grace, noor))
    planned = islice(generate_runs(generation), runs)
    for number, (status, capacity, hours) in enumerate(planned):
        age = timedelta(hours=hours)
        run = add_training(
            world,
            session=next(iter(world.sessions.values())) if number == SHARED_SESSION_RUN else None,
            owner=next(owners),
            base_model=next(models),
            status=status,
            capacity=capacity,
            age=age,
        )
        if status not in ("CREATED", "DEPLOYING"):
            add_checkpoint_history(world, run, age, checkpoints_per_run)
        if number == UNLOADABLE_RUN:
            make_unloadable(run)
        if run.deployment is None:
            move_to_volume(run)
        if number < len(FIRST_RUNS):
            start_activity(activity, run, random)
    sharded = next((one for one in world.checkpoints.values() if one.node_count > 1), None)
    if sharded is not None:
        split_into_many_files(sharded)
    if runs:
        add_standalone_samplers(world, activity, (ada, grace, noor))


def add_users(world: World) -> tuple[User, User, User]:
    """Three users, and an API key of each."""
    ada = world.add_user("ada@example.com", "Ada Okafor")
    grace = world.add_user("grace@example.com", "Grace Lindqvist")
    noor = world.add_user("noor@example.com", "Noor Haddad")
    kind = "WORKSPACE_MANAGE_ALL"
    world.add_key("demo-org-key", ada, type=kind, name="Dashboard, whole organisation")
    world.add_key("demo-own-key", grace, scopes=(OWN_SCOPE,), name="Grace's laptop")
    world.add_key("demo-other-key", noor, name="Noor's training scripts")
    return ada, grace, noor


def generate_runs(generation: str) -> Iterator[tuple[str, str, float]]:
    """(deployment status, capacity, age in hours) per run, without end."""
    for status, capacity, hours in FIRST_RUNS:
        supported = status != "SERVERLESS" or generation == "current"
        yield (status if supported else "RUNNING"), capacity, hours
    for number, (status, capacity) in enumerate(cycle(LATER_STATES), len(FIRST_RUNS)):
        yield status, capacity, 100 + number * 0.4


def start_activity(activity: BackgroundActivity, run: Run, random: Random) -> None:
    """Schedule what the run does next unless it has ended. A RUNNING one saves right now."""
    deployment = run.deployment
    if deployment is None or deployment.status in ENDED:
        return
    activity.automated.add(deployment.id)
    if deployment.status == "RUNNING":
        activity.save_checkpoints(run, 100 * (len(run.checkpoints) // 2 + 1))
        activity.schedule_training(run)
    elif deployment.status == "SCALED_TO_ZERO":
        activity.schedule_wake(run, deployment, random.uniform(30, 400))
    else:
        activity.lifecycle.launch_run(run)


def add_standalone_samplers(
    world: World, activity: BackgroundActivity, users: tuple[User, ...]
) -> None:
    """Add three: one that scales to zero and back, one that failed, one serving a checkpoint."""
    ada, grace, noor = users
    day = timedelta(days=1)
    cycled = world.add_sampler(owner=ada, created_at=world.now - day / 3)
    activity.cycle_sampler(cycled)
    world.add_sampler(owner=noor, created_at=world.now - day, status="DEPLOY_FAILED")
    served = next((one for one in world.checkpoints.values() if one.target == "sampler"), None)
    if served is not None:
        run = served.run
        path = f"bt://loops:{run.id}/sampler_weights/{served.name}"
        world.add_sampler(
            owner=grace, base_model=run.base_model, created_at=world.now - day / 2, model_path=path
        )
