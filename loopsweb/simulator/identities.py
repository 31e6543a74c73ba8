"""Users, teams, API keys and the organisation's audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OWN_SCOPE = "manage_own_user_or_service_account"
ORG_SCOPE = "manage_org_training_projects"


@dataclass(frozen=True)
class User:
    """A user. Their keys reach nothing outside `organization`."""

    id: str
    email: str | None
    name: str | None
    organization: str


@dataclass
class Key:
    """An API key. `type` is the API's word: PERSONAL, WORKSPACE_MANAGE_ALL, …"""

    secret: str = field(repr=False)
    user: User
    scopes: frozenset[str]
    type: str
    name: str | None
    prefix: str
    created_at: datetime
    team_name: str | None = None
    last_used_at: datetime | None = None


@dataclass(frozen=True)
class Team:
    """A team of an organisation."""

    id: str
    name: str
    organization: str
    created_at: datetime
    default: bool = False


@dataclass(frozen=True)
class AuditLogEntry:
    """What `actor` did to keys and models. There is none about Loops."""

    event_type: str
    actor: User
    at: datetime
    details: dict[str, Any]
