from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from loopsweb.accounts.models import Workspace
from loopsweb.audit.record import record_event
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.resources.snapshot.poll_state import PollState
from tests.json_api.conftest import Ask
from tests.resources.rows import FIRST_SEEN_AT, add_row


def test_a_run(ask: Ask, acme: Workspace) -> None:
    created = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    given = {"base_model": "Qwen/Qwen3-8B", "status": "ACTIVE", "created_at": created}
    add_row(Run, acme, "k4q95w5", **given, omitted=["status", "user"])

    answer: Any = ask("w/acme/runs/")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.cookies == {}
    assert answer.json() == {
        "as_of": None,
        "failing_since": None,
        "error": "This workspace has no API key yet, so nothing is read. Add a key.",
        "total": 1,
        "total_not_in_the_last_answer": 0,
        "page": 1,
        "pages": 1,
        "next_before": None,
        "items": [
            {
                "id": "k4q95w5",
                "name": None,
                "status": "ACTIVE",
                "base_model": "Qwen/Qwen3-8B",
                "base_url": None,
                "session_id": None,
                "deployment_id": None,
                "sampler_id": None,
                "owner": None,
                "is_serverless": False,
                **dict.fromkeys(("idle_seconds", "last_work_at", "last_work_sign", "gpus")),
                "usd_per_hour": None,
                "cost_source": "unknown",
                "created_at": "2026-11-23T20:00:00Z",
                "first_seen_at": FIRST_SEEN_AT.isoformat().replace("+00:00", "Z"),
                "not_in_the_answers_since": None,
                "not_in_the_last_answer": ["status", "user"],
            }
        ],
    }


def test_freshness(ask: Ask, key: Key, now: datetime) -> None:
    state = PollState.objects.get(key=key)
    state.feeds = {"runs": {"as_of": now.isoformat()}}
    state.save()

    assert ask("w/acme/runs/").json()["as_of"] == "2026-11-23T21:17:00Z"  # type: ignore[attr-defined]


def test_unknown_values_are_null_and_missing_rows_say_since_when(
    ask: Ask, acme: Workspace, now: datetime
) -> None:
    add_row(Deployment, acme, "d1", status="RUNNING", missing_since=now)
    add_row(Checkpoint, acme, "c1", run_remote_id="r1", target="sampler", name="step-100")

    [deployment] = ask("w/acme/deployments/").json()["items"]  # type: ignore[attr-defined]
    [checkpoint] = ask("w/acme/checkpoints/").json()["items"]  # type: ignore[attr-defined]

    assert (deployment["gpus_held"], deployment["status"]) == (None, "RUNNING")
    assert deployment["not_in_the_answers_since"] == "2026-11-23T21:17:00Z"
    assert checkpoint["uri"] == "bt://loops:r1/sampler_weights/step-100"
    assert checkpoint["size_bytes"] is None


def test_the_audit(ask: Ask, acme: Workspace, now: datetime) -> None:
    record_event(
        workspace="acme", action="x.y", outcome="observed", now=now, person="a@example.com"
    )
    record_event(workspace="other", action="x.y", outcome="observed", now=now)

    answer = ask("w/acme/audit/", action="x.y").json()  # type: ignore[attr-defined]

    assert (answer["total"], answer["error"]) == (1, None)
    [event] = answer["items"]
    assert (event["action"], event["person"], event["at"], event["reason"]) == (
        "x.y",
        "a@example.com",
        "2026-11-23T21:17:00Z",
        None,
    )


def test_pages(ask: Ask, acme: Workspace) -> None:
    for number in range(5):
        add_row(Run, acme, f"r{number}", created_at=FIRST_SEEN_AT)

    pages = [
        ask("w/acme/runs/", page=number, page_size=2).json()  # type: ignore[attr-defined]
        for number in (1, 2, 3, 4)
    ]

    assert [[item["id"] for item in page["items"]] for page in pages] == [
        ["r4", "r3"],
        ["r2", "r1"],
        ["r0"],
        [],
    ]
    assert [(page["total"], page["pages"]) for page in pages] == [(5, 3)] * 4


@pytest.mark.parametrize("noun", RESOURCES)
def test_filters_compare_for_equality(noun: str, ask: Ask, acme: Workspace) -> None:
    add_row(Run, acme, "r1", status="ACTIVE")
    add_row(Run, acme, "r2", status="INACTIVE")

    found = ask("w/acme/runs/", status="INACTIVE").json()["items"]  # type: ignore[attr-defined]
    assert [item["id"] for item in found] == ["r2"]
    for name in RESOURCES[noun].filters:
        given = "00000000-0000-0000-0000-000000000000" if name == "incident" else "nothing"
        assert ask(f"w/acme/{noun}/", **{name: given}).json()["items"] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("params", "detail"),
    [
        ({"page": "0"}, "page must be a whole number from 1 to 1000000."),
        ({"page": "-1"}, "page must be a whole number from 1 to 1000000."),
        ({"page": "٣"}, "page must be a whole number from 1 to 1000000."),
        ({"page": "9" * 5000}, "page must be a whole number from 1 to 1000000."),
        ({"page_size": "501"}, "page_size must be a whole number from 1 to 500."),
        ({"status": ""}, "status must have 1 to 300 characters."),
        ({"status": "a\x00"}, "status must have 1 to 300 characters."),
        ({"status": ["a", "b"]}, "status is given more than once."),
        (
            {"x": "x"},
            (
                "Unknown parameter 'x'. Known parameters: base_model, before, deployment_id, id, "
                "idle, owner, page, page_size, q, session_id, status."
            ),
        ),
    ],
)
def test_invalid_parameters_are_refused(
    params: dict[str, Any], detail: str, ask: Ask, acme: Workspace
) -> None:
    answer: Any = ask("w/acme/runs/", **params)

    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": detail,
    }


@pytest.mark.parametrize("count", [1, 20])
def test_the_number_of_queries_is_constant(
    count: int, ask: Ask, acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        add_row(Run, acme, f"r{number}")
    ask("w/acme/runs/")

    with django_assert_num_queries(4):
        ask("w/acme/runs/")
