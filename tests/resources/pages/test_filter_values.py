"""Every value of a filter can be chosen, and its number of rows is right or not given."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import datetime

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import record_event
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.models import Run
from loopsweb.resources.runs.views import SPEC
from loopsweb.ui.filters import MAX_OPTIONS
from tests.personas import login_as
from tests.resources.rows import MODELS, add_row

AWKWARD = [
    "",
    "-",
    "--",
    " padded ",
    "padded",
    '"quoted"',
    '"-"',
    "two\nlines",
    "null",
    "\u202e",
    "é%2F&",
]
FIELDS = {
    ("runs", "base_model"): "base_model",
    ("runs", "owner"): "owner_email",
    ("runs", "status"): "status",
    ("samplers", "owner"): "owner_email",
    ("checkpoints", "base_model"): "base_model",
    ("checkpoints", "target"): "target",
    ("checkpoints", "run_id"): "run_remote_id",
    ("deployments", "base_model"): "base_model",
    ("audit", "person"): "person",
    ("audit", "action"): "action",
    ("audit", "target"): "target_noun",
    ("deactivations", "person"): "person",
}


def add_values(noun: str, field: str, values: list[str], acme: Workspace, now: datetime) -> None:
    """Two rows with the first value, one with each of the others."""
    for n, value in enumerate([values[0], *values]):
        if noun == "audit":
            event = {"action": "x.y", field: value}
            record_event(workspace="acme", outcome="observed", now=now, **event)  # type: ignore[arg-type]
        elif noun == "deactivations":
            Deactivation.objects.create(
                workspace=acme, noun="run", target_remote_id=f"r{n}", state=State.DECLINED,
                requested_at=now, state_since=now, ask_at=now, **{field: value},
            )  # fmt: skip
        else:
            add_row(MODELS[noun], acme, f"r{n}", **{field: value})


def read_options(page: str, name: str) -> dict[str, str]:
    """{value: label} of a filter's select box or text field."""
    [box] = re.findall(
        rf'<(?:select name|datalist id)="{name}(?:-values)?".*?</(?:select|datalist)>',
        page,
        re.DOTALL,
    )
    pairs = re.findall(r'<option value="([^"]+)"[^>]*>([^<]*)<', box)
    return {html.unescape(value): html.unescape(label) for value, label in pairs}


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.mark.parametrize(("noun", "name"), [one for one in FIELDS if one[1] != "run_id"])
def test_each_value_can_be_chosen_and_is_counted(
    noun: str, name: str, browser: Client, acme: Workspace, now: datetime
) -> None:
    values = AWKWARD if FIELDS[noun, name] != "action" else AWKWARD[1:]
    add_values(noun, FIELDS[noun, name], values, acme, now)
    options = read_options(browser.get(f"/w/acme/{noun}/").content.decode(), name)
    counts = []
    for value, label in options.items():
        page = browser.get(f"/w/acme/{noun}/", {name: value}).content.decode()
        counts.append(page.count("<tr data-key="))
        assert label.endswith(f" ({counts[-1]})")
        assert f'<option value="{html.escape(value)}" selected>' in page.replace("&#x27;", "'")
    assert sorted(counts) == [1] * (len(values) - 1) + [2]


@pytest.mark.parametrize(("noun", "name"), FIELDS)
def test_a_value_in_the_url_is_taken_as_it_is(
    noun: str, name: str, browser: Client, acme: Workspace, now: datetime
) -> None:
    add_values(noun, FIELDS[noun, name], [" padded", "padded", "-"], acme, now)
    for given, count in {" padded": 2, "padded": 1, '"-"': 1, '"padded"': 1, "padded ": 0}.items():
        page = browser.get(f"/w/acme/{noun}/", {name: given}).content.decode()
        assert page.count("<tr data-key=") == count, given


@pytest.mark.parametrize(
    ("noun", "name"),
    [("runs", "base_model"), ("runs", "owner"), ("audit", "action"), ("deactivations", "person")],
)
def test_many_values_are_suggested_and_any_can_be_typed(
    noun: str, name: str, browser: Client, acme: Workspace, now: datetime
) -> None:
    values = [f"v{n}" for n in range(MAX_OPTIONS + 1)]
    add_values(noun, FIELDS[noun, name], values, acme, now)
    page = browser.get(f"/w/acme/{noun}/").content.decode()
    assert f'<input type="text" name="{name}" value="" list="{name}-values"' in page
    assert read_options(page, name) == {
        value: f"{value} ({1 + (value == 'v0')})" for value in values
    }
    chosen = browser.get(f"/w/acme/{noun}/", {name: values[-1]}).content.decode()
    assert chosen.count("<tr data-key=") == 1
    assert f'<input type="text" name="{name}" value="{values[-1]}"' in chosen
    assert "(none)" not in chosen


def test_numbers_are_left_out_when_only_the_newest_rows_were_counted(acme: Workspace) -> None:
    for n in range(5):
        add_row(Run, acme, f"r{n}", base_model=f"m{n}", created_at=f"2026-11-23T1{n}:00Z")
    rows = Run.objects.in_workspace(acme)
    assert replace(SPEC, most_counted=5).count_facets(rows).is_whole
    facets = replace(SPEC, most_counted=3).count_facets(rows)
    assert (facets.total, facets.is_whole) == (5, False)
    assert sorted(facets.values["base_model"]) == [("m2", 1), ("m3", 1), ("m4", 1)]
