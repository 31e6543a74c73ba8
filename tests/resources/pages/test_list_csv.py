"""A list as CSV has what its page shows."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Run
from loopsweb.resources.pages.list_page import LINES_AT_ONCE
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row, add_rows

PAGE_COLUMNS = {
    "sessions": {
        *("session_id", "runs", "active_runs", "standalone_samplers", "origin", "newest_run_at"),
        "first_seen_at",
    },
    "runs": {
        *("run_id", "name", "status", "deployment_status", "base_model", "owner", "gpus_held"),
        *("usd_per_hour", "created_at", "session_id", "protected", "not_in_the_answers_since"),
    },
    "samplers": {
        *("sampler_id", "status", "run_id", "base_model", "owner", "instance_type", "created_at"),
        *("base_url", "protected", "not_in_the_answers_since"),
    },
    "checkpoints": {
        *("id", "checkpoint_name", "sync_status", "target", "uri", "base_model", "size_bytes"),
        *("created_at", "run_id", "checkpoint_type", "lora_adapter_config"),
    },
    "deployments": {
        *("deployment_id", "status", "active_run_id", "latest_run_id", "base_model", "owner"),
        *("gpus_held", "gpu_type", "usd_per_hour", "created_at", "base_url", "protected"),
    },
}


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


def read_csv(browser: Client, noun: str) -> list[dict[str, Any]]:
    answer: Any = browser.post(f"/w/acme/{noun}/")
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


@pytest.mark.parametrize("noun", PAGE_COLUMNS)
def test_every_column_of_the_page_is_in_the_file(
    noun: str, browser: Client, acme: Workspace
) -> None:
    add_rows(noun, acme, 1)
    [row] = read_csv(browser, noun)
    assert PAGE_COLUMNS[noun] - row.keys() == set()


@pytest.mark.parametrize("noun", ["runs", "deployments"])
def test_the_file_has_the_costs_of_the_page(
    noun: str, browser: Client, key: Key, poll: Callable[..., int]
) -> None:
    assert poll() == 1
    page = browser.get(f"/w/acme/{noun}/").content.decode()
    on_page = re.findall(r'data-label="USD/h">\s*\$([\d,.]+)\s*<', page)
    costs = [Decimal(row["usd_per_hour"]) for row in read_csv(browser, noun) if row["usd_per_hour"]]
    assert sorted(f"{cost:,.2f}" for cost in costs) == sorted(on_page)
    assert sum(costs) > 0


def test_sessions_are_counted_and_protected_runs_marked(
    browser: Client, acme: Workspace, alice: User
) -> None:
    add_rows("sessions", acme, 2)
    sessions = {row["session_id"]: row for row in read_csv(browser, "sessions")}
    assert sessions["sessions-1"]["runs"] == sessions["sessions-1"]["standalone_samplers"] == "1"
    Protection.objects.create(workspace=acme, noun="run", remote_id="run-1", since=FIRST_SEEN_AT)
    assert {row["run_id"]: row["protected"] for row in read_csv(browser, "runs")} == {
        "run-0": "False",
        "run-1": "True",
    }


@pytest.mark.parametrize("noun", ["runs", "samplers", "checkpoints", "deployments"])
def test_the_file_names_what_the_last_answer_left_out(
    noun: str, browser: Client, acme: Workspace
) -> None:
    add_row(MODELS[noun], acme, "x", omitted=["status", "user"])
    [row] = read_csv(browser, noun)
    assert row["not_in_the_last_answer"] == "status, user"


def test_a_long_file_takes_few_queries(browser: Client, acme: Workspace) -> None:
    times = {"first_seen_at": FIRST_SEEN_AT, "changed_at": FIRST_SEEN_AT}
    ids = [f"r{n}" for n in range(LINES_AT_ONCE + 1)]
    Run.objects.bulk_create(Run(workspace=acme, remote_id=one, **times) for one in ids)
    with CaptureQueriesContext(connection) as queries:
        assert len(read_csv(browser, "runs")) == LINES_AT_ONCE + 1
    pairing = [one for one in queries if "resources_deployment" in one["sql"]]
    assert len(pairing) == 2
