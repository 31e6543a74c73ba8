"""Keys in the database, without asking any API."""

from __future__ import annotations

from typing import Any

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key


def key_of(
    owner: User,
    workspace: Workspace,
    *,
    secret: str = "demo-org-key",
    **fields: Any,
) -> Key:
    given = {"name": "laptop", "api_url": "https://api.baseten.co", "can_list": True}
    key = Key(owner=owner, workspace=workspace, **(given | {"can_manage": True} | fields))
    key.put(secret)
    key.save()
    return key
