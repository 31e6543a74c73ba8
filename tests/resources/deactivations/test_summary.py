"""The sentence on a record: true in every state, and silent or honest where nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.utils.html import strip_tags

from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Batch, Deactivation
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.deactivations.summary import summarize, summarize_batch

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def make_checkpoint(name: str, status: str, *, target: str = "trainer") -> dict[str, Any]:
    return {
        "id": f"ck_{name}_{target}", "run": "run_1", "name": name, "target": target,
        "sync_status": status, "created_at": None,
    }  # fmt: skip


FACTS: dict[str, Any] = {
    "gpus": 16, "gpus_of": "pair", "gpu_type": "H200", "usd_per_hour": "128.00", "cost_of": "pair",
    "cost_source": "API prices", "is_inferred": False, "runs": [{"id": "run_1"}],
    "runs_in_all": 1, "syncing": 2, "checkpoints_left_out": 0,
    "checkpoints": [
        make_checkpoint("step-1000", "SYNCING"),
        make_checkpoint("step-1000", "SYNCING", target="sampler"),
        make_checkpoint("step-900", "COMPLETE"),
    ],
}  # fmt: skip


def make_work(seconds: int | None, *, goes_on: bool = False) -> dict[str, Any]:
    run = {"id": "run_1", "newest": "step-900"}
    work = {"worked_after_newest": seconds, "works_after_newest": goes_on}
    return {"preflight": FACTS | {"runs": [run | work]}}


START = "asked to stop dep_1 (grace@example.com's): 16 H200, $128 an hour, by API prices; "
SAVED = "step-900 saved, step-1000 still syncing; because idle; "
RESULTS = {
    State.WAITING: "waits for a second person until 2026-11-27 13:00 UTC, nothing has been sent",
    State.SYNCING: "waits until 2026-11-27 13:00 UTC for checkpoints to sync, "
    "nothing has been sent",
    State.DUE: "about to be sent",
    State.REQUESTED: "being sent, no answer of the API yet",
    State.SUCCEEDED: "accepted by the API, not seen stopped yet",
    State.UNKNOWN: "the API's answer was lost, so it is not known yet whether it stops",
    State.REFUSED: "it did not take effect: Why not",
    State.CONFIRMED: "confirmed 2\xa0s after it was sent",
    State.ENDED: "it ended without being stopped: Why not",
    State.LOST: "what became of it is not known: Why not",
    State.DECLINED: "declined by otto@example.com, nothing was sent: Why not",
    State.WITHDRAWN: "withdrawn by otto@example.com, nothing was sent: Why not",
    State.EXPIRED: "expired, nothing was sent: Why not",
}


def make_request(state: State, **fields: Any) -> Deactivation:
    given = {
        "noun": "deployment", "target_remote_id": "dep_1", "target_owner": "grace@example.com",
        "person": "olga@example.com", "role": "operator", "reason": "idle", "preflight": FACTS,
        "requested_at": NOW, "sent_at": NOW, "state_since": NOW + timedelta(seconds=2),
        "expires_at": NOW + timedelta(hours=1),
        "sync_until": NOW + timedelta(hours=1), "answer": {"error": "Why not."},
    }  # fmt: skip
    return Deactivation(state=state, **given | fields)


def read(row: Deactivation, **decider: str) -> str:
    by = {"person": "otto@example.com", "role": "operator"} | decider
    events = [Event(outcome=STATES[State(row.state)].outcome or "requested", **by)]
    return unescape(strip_tags(summarize(row, events=events)))


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_sentence(state: State) -> None:
    start, saved = START, SAVED
    if state == State.CONFIRMED:
        start, saved = start.replace("asked to stop", "stopped"), saved.replace("saved", "kept")
    start = {
        State.WAITING: start.replace("asked", "asks"),
        State.SYNCING: start.replace("asked", "asks"),
        State.REFUSED: start.replace("asked", "tried"),
    }.get(state, start)
    assert read(make_request(state)) == f"olga@example.com {start}{saved}{RESULTS[state]}."


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"preflight": {}, "target_owner": "", "reason": ""}, "olga@example.com stopped dep_1: "),
        ({"person": ""}, "Somebody whose name was erased stopped dep_1 "),
        ({"approver": "otto@example.com"}, "dep_1 (grace@example.com's), approved by otto@"),
        ({"broke_glass": True}, "olga@example.com broke the glass and stopped dep_1 "),
        ({"preflight": FACTS | {"gpus": None, "usd_per_hour": None}}, ": GPUs unknown, cost unk"),
        (
            {"preflight": FACTS | {"gpus_of": "trainer only", "cost_of": "trainer only"}},
            ": 16 H200 (trainer only), $128 an hour (trainer only), by API prices; ",
        ),
        ({"preflight": FACTS | {"runs": []}}, "; its runs unknown; "),
        (
            {"preflight": FACTS | {"checkpoints": [make_checkpoint("step-1", "")]}},
            "; step-1 of unknown sync status; ",
        ),
        (
            {"preflight": FACTS | {"checkpoints": [make_checkpoint("step-1", "SYNCING")]}},
            "; no saved trainer checkpoint known, step-1 still syncing; ",
        ),
        ({"preflight": FACTS | {"usd_per_hour": "76.80"}}, ", $76.80 an hour, "),
        (
            make_work(1200),
            "; step-900 kept, step-1000 still syncing; GPU work up to 20\xa0min after ",
        ),
        (make_work(1200), "20\xa0min after step-900 not saved; because idle; "),
        (make_work(1200, goes_on=True), "; GPU work since step-900 not saved, 20\xa0min so far; "),
        (
            {"preflight": FACTS | {"idle_seconds": 9000}},
            "by API prices; idle for 2\xa0h\xa030\xa0min, $320 meanwhile; step-900 kept",
        ),
        (
            {"preflight": FACTS | {"idle_seconds": 9000, "usd_per_hour": None}},
            "cost unknown; idle for 2\xa0h\xa030\xa0min; step-900 kept",
        ),
        ({"preflight": FACTS | {"idle_seconds": 60}}, "by API prices; step-900 kept"),
        (make_work(0), "; no GPU work known after step-900; because "),
        (make_work(None), " still syncing; because idle; "),
    ],
)
def test_what_is_unknown_is_left_out_or_called_unknown(
    fields: dict[str, Any], expected: str
) -> None:
    assert expected in read(make_request(State.CONFIRMED, **fields))


def test_whoever_withdrew_is_named_as_far_as_known() -> None:
    row = make_request(State.WITHDRAWN, answer={})
    own = read(row, person=row.person, reason="idle")
    assert own.endswith("; withdrawn by the requester, nothing was sent.")
    assert "; withdrawn by loopsweb, " in read(row, person="", role="")
    assert "; withdrawn by somebody whose name was erased, " in read(row, person="")


def test_markup_in_a_reason_is_text() -> None:
    row = make_request(State.CONFIRMED, reason="<b>x</b>")
    assert "&lt;b&gt;x&lt;/b&gt;" in summarize(row, events=[])


def test_a_batch_adds_up_what_it_stopped() -> None:
    rows = [
        make_request(State.CONFIRMED, **make_work(1200)),
        make_request(State.CONFIRMED, preflight=FACTS | {"usd_per_hour": None}),
        make_request(State.WAITING, preflight={}),
    ]
    batch = Batch(noun="deployment", person="olga@example.com", reason="idle", left_out=[{}])
    assert strip_tags(summarize_batch(batch, rows)) == (
        "olga@example.com asked to stop 3 deployments (32 GPUs (1 of 3 unknown), "
        "$128 an hour (2 of 3 unknown)): 2 confirmed stopped (32 GPUs, $128 an hour (1 of 2 "
        "unknown)), 1 waiting for approval, 1 left out; GPU work of 1 after their newest "
        "trainer checkpoint not saved; because idle."
    )
    assert "none stopped" in summarize_batch(batch, rows[2:])
