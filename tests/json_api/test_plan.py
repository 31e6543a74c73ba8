"""The plan of what to keep: the same parts, ids and totals as its page, and nothing else."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loopsweb.accounts.models import User, Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.cleanups.plan import LABELS
from loopsweb.resources.models import Checkpoint, Run, Start
from tests.json_api.conftest import create_token
from tests.json_api.test_cursors import read_pages
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row

URL = "w/acme/checkpoints/plan/"
PAGE = "/w/acme/checkpoints/plan/"


@pytest.fixture
def checkpoints(acme: Workspace) -> None:
    """Ten of run k, each a day younger than the one before; the newest syncs."""
    add_row(Run, acme, "k", owner_email="grace@example.com")
    for n in range(10):
        made = {"created_at": FIRST_SEEN_AT + timedelta(days=n), "size_bytes": 10}
        fields = {"run_remote_id": "k", "target": "trainer", "name": f"step-{n}00", "step": n * 100}
        status = "SYNCING" if n == 9 else "COMPLETE"
        add_row(Checkpoint, acme, f"c{n}", sync_status=status, **made, **fields)
    Start.objects.create(
        workspace=acme,
        noun="run",
        remote_id="r",
        from_run_id="k",
        target="trainer",
        name="step-100",
    )


def read_page(answer: Any) -> list[str]:
    return [line.row.remote_id for line in answer.context["page"].lines]


@pytest.mark.parametrize(
    "rules",
    [{}, {"newest": "1", "every": "400"}, {"older_than": "0", "owner": "Grace@example.com"}],
)
@pytest.mark.usefixtures("checkpoints")
def test_it_says_what_the_page_says(rules: dict[str, str], vic: User, ask: Any) -> None:
    browser = login_as(vic)
    answer = ask(URL, **rules).json()
    page = browser.get(PAGE, rules).context
    assert {
        one["verdict"]: (one["checkpoints"], one["size_bytes"], one["of_unknown_size"])
        for one in answer["parts"]
        if one["checkpoints"]
    } == {
        one.verdict: (one.number, one.bytes, one.unsized)
        for one in [*([page["goes"]] if page["goes"] else []), *page["kept"]]
    }
    for verdict in LABELS:
        listed = ask(URL, show=verdict, **rules).json()
        shown = browser.get(PAGE, {"show": verdict, **rules})
        assert [one["id"] for one in listed["items"]] == read_page(shown)[::-1]
        assert listed["total"] == len(listed["items"])


@pytest.mark.usefixtures("checkpoints")
def test_an_item_has_its_run_owner_and_what_needs_it(ask: Any) -> None:
    [item] = ask(URL, show="used").json()["items"]
    assert item == {
        "id": "c1",
        "name": "step-100",
        "target": "trainer",
        "uri": str(CheckpointURI("k", "trainer", "step-100")),
        "run_id": "k",
        "owner": "grace@example.com",
        "size_bytes": 10,
        "created_at": "2026-11-24T21:00:00Z",
        "expires_at": None,
        "started_from_it": [{"noun": "run", "id": "r", "has_ended": False, "source": "requested"}],
    }


@pytest.mark.usefixtures("checkpoints")
def test_it_is_read_whole_by_cursor_under_the_same_queries(ask: Any) -> None:
    pages = list(read_pages(ask, URL, page_size=2, newest=0))
    assert pages == [["c8", "c7"], ["c6", "c5"], ["c4", "c3"], ["c2", "c0"]]
    counts = []
    for size in (1, 5):
        with CaptureQueriesContext(connection) as queries:
            ask(URL, page_size=size, newest=0)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"newest": "-1"}, "newest must be a whole number."),
        ({"every": "0"}, "every: Enter a number of at least 1."),
        ({"older_than": "5.0"}, "older_than must be a whole number."),
        ({"target": ""}, "target must have 1 to 255 characters."),
        ({"show": "x"}, "show must be one of goes, "),
        ({"before": "checkpoints.1.1"}, "before must be the next_before"),
        ({"state": "x"}, "Unknown parameter 'state'."),
    ],
)
@pytest.mark.usefixtures("checkpoints")
def test_what_is_wrong_is_refused(params: dict[str, str], said: str, ask: Any) -> None:
    answer = ask(URL, **params)
    assert (answer.status_code, said in answer.json()["detail"]) == (HTTPStatus.BAD_REQUEST, True)


@pytest.mark.usefixtures("checkpoints")
def test_only_a_token_of_the_workspace_reads_it(mallory: User, ask: Any) -> None:
    own = mallory.teams.get().workspaces.get()
    secret = create_token(mallory, own).secret
    assert ask(URL, secret=secret).status_code == HTTPStatus.NOT_FOUND
    assert ask(URL, secret="").status_code == HTTPStatus.UNAUTHORIZED
