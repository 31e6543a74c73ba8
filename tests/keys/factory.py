"""Creates keys in the database without calling the API."""

from __future__ import annotations

from typing import Any

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key


def create_key(
    owner: User,
    workspace: Workspace,
    *,
    secret: str = "demo-org-key",
    **fields: Any,
) -> Key:
    given = {"name": "laptop", "api_url": "https://api.baseten.co", "can_list": True}
    key = Key(owner=owner, workspace=workspace, **(given | {"can_manage": True} | fields))
    key.set_secret(secret)
    key.save()
    return key


def list_event_outcomes() -> list[tuple[str, str, str]]:
    """(action, outcome, reason) of all events."""
    return list(Event.objects.order_by("pk").values_list("action", "outcome", "reason"))
