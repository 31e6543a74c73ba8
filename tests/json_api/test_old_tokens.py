from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.tokens.tasks import delete_old_tokens


@pytest.mark.parametrize("ended_by", ["expires_at", "revoked_at"])
def test_tokens_that_ended_long_ago_are_deleted(ended_by: str, vic: User, acme: Workspace) -> None:
    now = timezone.now()
    for name, days in {"old": 401, "recent": 399}.items():
        at = now - timedelta(days=days)
        times: dict[str, Any] = {"created_at": at, "expires_at": now, ended_by: at}
        AccessToken.objects.create(person=vic, workspace=acme, name=name, digest=name, **times)

    delete_old_tokens()

    assert [token.name for token in AccessToken.objects.all()] == ["recent"]
