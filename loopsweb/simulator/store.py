"""What there is in the world, by id and in the order it was made, and whose it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from random import Random

from .checkpoint_entities import Checkpoint
from .entities import Deployment, Run, Sampler, Session
from .people import ORG_SCOPE, OWN_SCOPE, Key, User
from .schedule import Schedule

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Stock:
    """Everything by id. The objects may be changed freely."""

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
        self.random = Random(seed)  # noqa: S311

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self.schedule.now

    def new_id(self, prefix: str, length: int = 6) -> str:
        """An id nothing else has, the same ones in the same order for the same seed."""
        return prefix + "".join(self.random.choices(_LETTERS, k=length))

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
