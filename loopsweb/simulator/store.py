"""The simulated resources by ID, in order of creation, and the users and keys."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from random import Random

from loopsweb.simulator.entities import Checkpoint, Deployment, Run, Sampler, Session
from loopsweb.simulator.identities import (
    ORG_SCOPE,
    OWN_SCOPE,
    AuditLogEntry,
    Key,
    Team,
    User,
)
from loopsweb.simulator.schedule import Schedule

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Store:
    """Every resource by ID. The entities may be changed freely.

    served_checkpoints: by the model that serves them. teams: all but the default one.
    omitted_capabilities: fields that the capabilities lack, such as max_context_length.
    """

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
        self.deleted_checkpoints: dict[str, Checkpoint] = {}
        self.served_checkpoints: dict[str, list[str]] = {}
        self.teams: list[Team] = []
        self.audit_log: list[AuditLogEntry] = []
        self.omitted_capabilities: set[str] = set()
        self.accelerators: dict[str, dict[str, list[str] | None]] = {}
        self.random = Random(seed)  # noqa: S311

    @property
    def now(self) -> datetime:
        """The simulated time."""
        return self.schedule.now

    def generate_id(self, prefix: str, length: int = 6) -> str:
        """A new ID. The same seed gives the same IDs in the same order."""
        return prefix + "".join(self.random.choices(_LETTERS, k=length))

    def add_user(
        self, email: str | None, name: str | None = None, organization: str = "acme"
    ) -> User:
        """Add a user of an organisation. Keys of other organisations cannot see their resources."""
        user = User(self.generate_id("", 8), email, name, organization)
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
        team_name: str | None = None,
    ) -> Key:
        """Add an API key. Its prefix is the part before the dot, or without a dot eight characters
        of its hash: a listed prefix must never be a whole key."""
        before, dot, _ = secret.partition(".")
        prefix = before if dot else hashlib.sha256(secret.encode()).hexdigest()[:8]
        key = Key(secret, user, frozenset(scopes), type, name, prefix, self.now, team_name)
        self.keys[secret] = key
        self.log_key("API_KEY_CREATED", key)
        return key

    def log_key(self, event_type: str, key: Key) -> None:
        """Add an entry to the audit log."""
        kind = "PERSONAL" if key.type == "PERSONAL" else "CREATOR_SERVICE_ACCOUNT"
        details = {"api_key_id": key.prefix, "api_key_type": kind, "prefix": key.prefix}
        self.audit_log.append(AuditLogEntry(event_type, key.user, self.now, details))

    def add_team(self, name: str, organization: str = "acme") -> Team:
        """Add a team beside the organisation's default one."""
        team = Team(f"team_{organization}_{len(self.teams) + 1}", name, organization, self.now)
        self.teams.append(team)
        return team

    def revoke_key(self, secret: str) -> None:
        """Make the API refuse the key."""
        self.log_key("API_KEY_DELETED", self.keys.pop(secret))
