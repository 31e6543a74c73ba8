"""The simulated organisation in memory: what there is, and how more is put into it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from random import Random

from .builders import Builders
from .schedule import Schedule
from .things import (
    ORG_SCOPE,
    OWN_SCOPE,
    Checkpoint,
    Deployment,
    Key,
    Run,
    Sampler,
    Session,
    User,
)

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class World(Builders):
    """Everything by id, in the order it was made. Change the objects freely."""

    def __init__(self, *, now: datetime, seed: int) -> None:
        self.schedule = Schedule(now)
        self.seed = seed
        self.users: list[User] = []
        self.keys: dict[str, Key] = {}
        self.sessions: dict[str, Session] = {}
        self.runs: dict[str, Run] = {}
        self.samplers: dict[str, Sampler] = {}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.deployments: dict[str, Deployment] = {}
        self.accelerators: dict[str, dict[str, list[str] | None]] = {}
        self._random = Random(seed)  # noqa: S311

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.schedule.now

    def new_id(self, prefix: str, length: int = 6) -> str:
        """An id nothing else has, the same ones in the same order for the same seed."""
        return prefix + "".join(self._random.choices(_LETTERS, k=length))

    def add_user(
        self, email: str | None, name: str | None = None, organization: str = "acme"
    ) -> User:
        """A person of an organisation; those of another one are foreign to every key here."""
        user = User(self.new_id("", 8), email, name, organization)
        self.users.append(user)
        return user

    def add_key(
        self,
        secret: str,
        user: User,
        *,
        scopes: Iterable[str] = (OWN_SCOPE, ORG_SCOPE),
        type: str = "PERSONAL",  # noqa: A002
        name: str | None = None,
    ) -> Key:
        """An API key. Its prefix is the part before the dot; a key without a dot gets one that
        says nothing about it, since a listed prefix must never be a whole key."""
        before, dot, _ = secret.partition(".")
        prefix = before if dot else hashlib.sha256(secret.encode()).hexdigest()[:8]
        key = Key(secret, user, frozenset(scopes), type, name, prefix, self.now)
        self.keys[secret] = key
        return key

    def revoke(self, secret: str) -> None:
        """From now on the key is unknown."""
        del self.keys[secret]

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
        self._random = Random(self.seed)  # noqa: S311
