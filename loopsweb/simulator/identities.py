"""Users and their API keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

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
