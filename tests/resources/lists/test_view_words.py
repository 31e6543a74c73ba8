"""What a saved view keeps is told in the words of its list."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.lists.models import LISTS
from loopsweb.resources.lists.preferences import label_column
from loopsweb.resources.lists.queries import LABELS, SPECS
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.claims import claim_polls

CASES = {
    "deployments?holds=yes&seen=no": {"GPUs": "Using GPUs (or unknown)", "Still listed": "no"},
    "deployments?idle=30m&sort=-idle": {
        "Idle for at least": "30m",
        "Order": "Idle for, descending",
    },
    "samplers?owner=-&pairing=alone": {
        "Owner": "Not known",
        "Pairing": "Standalone (or unknown)",
    },
    "samplers?pairing=other": {"Pairing": "other (none)"},
    "sessions?origin=run&sort=seen": {
        "Source": "Named by a run",
        "Order": "First seen, ascending",
    },
    "checkpoints?run_id=r1&sort=name": {"Run ID": "r1", "Order": "Checkpoint, ascending"},
    "deactivations?noun=runs&state=due": {"Kind": "runs", "State": "About to be sent"},
    "audit?since=2026-11-01&sort=at": {"Since": "2026-11-01", "Order": "When, ascending"},
    "runs?no_filter=1&sort=no_column": {},
}


@pytest.mark.parametrize("case", CASES)
def test_a_view_is_told_in_the_words_of_its_list(acme: Workspace, otto: User, case: str) -> None:
    listed, _, query = case.partition("?")
    url = reverse("lists:views", args=[acme.slug, listed])
    page = login_as(otto).get(f"{url}?{urlencode({'query': query})}")
    assert dict(page.context["saved"]) == CASES[case]


@pytest.mark.parametrize("listed", LISTS)
def test_columns_and_filters_are_called_as_on_the_list(
    loops: Simulator, acme: Workspace, alice: User, key: Key, now: datetime, listed: str
) -> None:
    for state in claim_polls(now=now):
        poller.run_poll(state, clock=lambda: now)
    page = login_as(alice).get(reverse(LISTS[listed], args=[acme.slug])).content.decode()
    headings = re.findall(r'<a href="\?(?:[^"]*&amp;)?sort=-?(\w+)[^"]*">([^<]+)</a>', page)
    assert headings or listed == "deactivations"
    assert [(name, label_column(listed, name)) for name, _ in headings] == headings
    fields = re.findall(r'<(?:select|input)[^>]* name="(\w+)"[^>]* aria-label="([^"]+)"', page)
    labels = LABELS | {one.name: one.label for one in SPECS[listed].filters}
    named = [(name, label) for name, label in fields if name in labels and name != "q"]
    assert [(name, labels[name]) for name, _ in named] == named
