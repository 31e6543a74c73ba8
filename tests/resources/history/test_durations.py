from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from loopsweb.accounts.models import User, Workspace
from loopsweb.dashboard.attention import find_stuck_deployments
from loopsweb.resources.history.durations import measure_status
from loopsweb.resources.models import Deployment, StatusChange
from tests.personas import login_as
from tests.resources.rows import add_row

EARLIER = "Of 20 earlier ones of its model, 95 % took at most 19 min."
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def change(
    acme: Workspace, remote_id: str, old: str, new: str, at: datetime, *, after: timedelta = SECOND
) -> None:
    StatusChange.objects.create(
        workspace=acme, noun="deployment", remote_id=remote_id, field="status", old=old, new=new,
        last_seen_old_at=at - after, first_seen_new_at=at,
    )  # fmt: skip


def add_earlier(acme: Workspace, now: datetime, lengths: list[int], model: str = "m") -> None:
    for minutes in lengths:
        remote_id = f"{model}{minutes}"
        add_row(Deployment, acme, remote_id, status="RUNNING", base_model=model)
        change(acme, remote_id, "CREATED", "DEPLOYING", now - 500 * MINUTE)
        change(acme, remote_id, "DEPLOYING", "RUNNING", now - (500 - minutes) * MINUTE)


def test_a_status_is_compared_with_earlier_ones_of_the_model(
    acme: Workspace, alice: User, now: datetime
) -> None:
    add_earlier(acme, now, list(range(1, 21)))
    add_earlier(acme, now, [90, 91, 92, 93, 94], model="other")
    change(acme, "m1", "DEPLOYING", "FAILED", now, after=60 * MINUTE)  # its end was not observed
    row = add_row(Deployment, acme, "d", status="DEPLOYING", base_model="m")
    change(acme, "d", "CREATED", "DEPLOYING", now - 30 * MINUTE)
    lasting = measure_status(row, now=now)
    assert (lasting.length, lasting.is_at_least) == (30 * MINUTE, False)
    assert (lasting.number, lasting.usual, lasting.is_long) == (20, 19 * MINUTE, True)
    page = login_as(alice).get("/w/acme/deployments/d/").content.decode()
    assert "Of 20 earlier ones of this model, 95 % took at most 19 min." in " ".join(page.split())


def test_what_is_stuck_needs_attention(
    acme: Workspace, now: datetime, django_assert_max_num_queries: Any
) -> None:
    add_earlier(acme, now, list(range(1, 21)))
    counts = []
    for number in (1, 3):
        for n in range(number):
            row = {"status": "DEPLOYING", "base_model": "m"}
            add_row(Deployment, acme, f"slow{number}-{n}", **row)
            change(acme, f"slow{number}-{n}", "CREATED", "DEPLOYING", now - 30 * MINUTE)
            add_row(Deployment, acme, f"usual{number}-{n}", **row)
            change(acme, f"usual{number}-{n}", "CREATED", "DEPLOYING", now - 19 * MINUTE)
            add_row(Deployment, acme, f"gone{number}-{n}", missing_since=now, **row)
        with django_assert_max_num_queries(4) as queries:
            items = list(find_stuck_deployments(acme, now=now, limit=9))
        counts.append(len(queries))
    assert counts == [4, 4]
    assert [one.name for one in items] == ["slow1-0", "slow3-0", "slow3-1", "slow3-2"]
    assert (items[0].since, items[0].text) == (
        now - 30 * MINUTE,
        f"Deployment DEPLOYING for 30 min. {EARLIER}",
    )


def test_too_little_history_says_nothing(acme: Workspace, alice: User, now: datetime) -> None:
    add_earlier(acme, now, [1, 2, 3, 4])
    row = add_row(Deployment, acme, "d", status="DEPLOYING", base_model="m")
    lasting = measure_status(row, now=now)
    assert (lasting.number, lasting.usual, lasting.is_long) == (4, None, False)
    assert (lasting.length, lasting.is_at_least) == (now - row.first_seen_at, True)
    page = login_as(alice).get("/w/acme/deployments/d/").content.decode()
    assert "too few earlier ones of this model to compare with" in page
