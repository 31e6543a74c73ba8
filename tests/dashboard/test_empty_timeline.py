"""An empty timeline says whether nothing was read or nothing ran."""

from __future__ import annotations

import pytest
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import PollState
from tests.personas import add_key, login_as

URL = "/w/acme/timeline/"


@pytest.mark.usefixtures("loops")
def test_an_empty_timeline_says_why(acme: Workspace, alice: User) -> None:
    browser = login_as(alice)
    reasons = ("so nothing is read", "Nothing is known of this time")

    def list_reasons() -> list[str]:
        card = browser.get(URL).content.decode().partition('<div class="empty')[2]
        return [one for one in reasons if one in card]

    assert list_reasons() == ["so nothing is read"]
    add_key(alice, workspace=acme, secret="demo-org-key", shared=True, now=timezone.now())
    answer = {"as_of": timezone.now().isoformat()}
    PollState.objects.update(feeds={"deployments": answer, "samplers": answer})
    assert list_reasons() == ["Nothing is known of this time"]
