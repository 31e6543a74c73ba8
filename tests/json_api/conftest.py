from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.json_api.tokens import actions

Ask = Callable[..., HttpResponse]
NOBODY = Actor(workspace="acme", person="", role="", address="", request_id="")


def create_token(person: User, workspace: Workspace, **given: Any) -> actions.CreatedToken:
    usual: dict[str, Any] = {"name": "script", "days": 7, "by": NOBODY, "now": timezone.now()}
    return actions.create(person=person, workspace=workspace, **(usual | given))


@pytest.fixture
def token(vic: User, acme: Workspace) -> actions.CreatedToken:
    """A token of vic, who is a viewer of acme."""
    return create_token(vic, acme)


@pytest.fixture
def ask(token: actions.CreatedToken) -> Ask:
    def ask_with(path: str, secret: str = token.secret, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return Client(headers=headers).get(f"/api/v1/{path}", params)

    return ask_with
