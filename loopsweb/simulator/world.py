"""The simulated organisation in memory."""

from __future__ import annotations

from datetime import datetime
from random import Random

from loopsweb.simulator.checkpoint_builder import CheckpointBuilder
from loopsweb.simulator.entities import Deployment, Run
from loopsweb.simulator.resource_builder import ResourceBuilder


class World(ResourceBuilder, CheckpointBuilder):
    """Every simulated resource, and the methods that add and remove them."""

    def remove_deployment(self, deployment: Deployment) -> None:
        """Remove it with its runs, their checkpoints, samplers and sessions."""
        del self.deployments[deployment.id]
        for run in [one for one in self.runs.values() if one.deployment is deployment]:
            del self.runs[run.id]
            self.sessions.pop(run.session_id, None)
            for checkpoint in list(run.checkpoints):
                self.remove_checkpoint(checkpoint)
            if run.sampler is not None:
                self.samplers.pop(run.sampler.id, None)

    def remove_run(self, run: Run) -> None:
        """Remove the run itself; its deployment, sampler and checkpoints stay."""
        del self.runs[run.id]
        if run.deployment is not None and run.deployment.latest_run_id == run.id:
            run.deployment.active_run_id = run.deployment.latest_run_id = None

    def clear(self) -> None:
        """Remove every resource and every scheduled event. Users and keys stay."""
        self.schedule.reset(self.now)
        resources = (self.sessions, self.runs, self.samplers, self.checkpoints, self.deployments)
        for entities in (*resources, self.deleted_checkpoints, self.served_checkpoints):
            entities.clear()

    def reset(self, now: datetime) -> None:
        """Empty the world and set its clock to `now`."""
        self.clear()
        self.schedule.reset(now)
        self.users.clear()
        self.keys.clear()
        self.accelerators.clear()
        self.teams.clear()
        self.omitted_capabilities.clear()
        self.audit_log.clear()
        self.random = Random(self.seed)  # noqa: S311
