"""The simulated organisation in memory."""

from __future__ import annotations

from datetime import datetime
from random import Random

from .add_checkpoints import AddCheckpoints
from .add_training import AddTraining
from .entities import Deployment


class World(AddTraining, AddCheckpoints):
    """What there is, the ways to put more into it, and the ways to empty it."""

    def remove_deployment(self, deployment: Deployment) -> None:
        """Gone without a trace, with its runs, their checkpoints, samplers and sessions."""
        del self.deployments[deployment.id]
        for run in [one for one in self.runs.values() if one.deployment is deployment]:
            del self.runs[run.id]
            self.sessions.pop(run.session_id, None)
            for checkpoint in list(run.checkpoints):
                self.remove_checkpoint(checkpoint)
            if run.sampler is not None:
                self.samplers.pop(run.sampler.id, None)

    def clear(self) -> None:
        """Remove every resource and every coming event; people and keys stay."""
        self.schedule.restart(self.now)
        for things in (self.sessions, self.runs, self.samplers, self.checkpoints, self.deployments):
            things.clear()

    def restart(self, now: datetime) -> None:
        """Back to an empty world at `now`."""
        self.clear()
        self.schedule.restart(now)
        self.users.clear()
        self.keys.clear()
        self.accelerators.clear()
        self.random = Random(self.seed)  # noqa: S311
