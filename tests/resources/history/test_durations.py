from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import caches

from loopsweb.accounts.models import User, Workspace
from loopsweb.dashboard.attention import find_stuck
from loopsweb.resources.history.durations import measure_status
from loopsweb.resources.models import Deployment, Sampler, StatusChange
from tests.personas import login_as
from tests.resources.rows import add_row

EARLIER = "Of 20 earlier ones of its model, 95\xa0% took at most 19\xa0min."
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def change(
    acme: Workspace, remote_id: str, old: str, new: str, at: datetime, *, after: timedelta = SECOND,
    noun: str = "deployment",
) -> None:  # fmt: skip
    StatusChange.objects.create(
        workspace=acme, noun=noun, remote_id=remote_id, field="status", old=old, new=new,
        last_seen_old_at=at - after, first_seen_new_at=at,
    )  # fmt: skip


def add_earlier(
    acme: Workspace, now: datetime, lengths: list[int], model: str = "m",
    of: type[Deployment | Sampler] = Deployment,
) -> None:  # fmt: skip
    for minutes in lengths:
        remote_id = f"{model}{minutes}"
        add_row(of, acme, remote_id, status="RUNNING", base_model=model)
        change(acme, remote_id, "CREATED", "DEPLOYING", now - 500 * MINUTE, noun=of.noun)
        change(
            acme, remote_id, "DEPLOYING", "RUNNING", now - (500 - minutes) * MINUTE, noun=of.noun
        )


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


@pytest.mark.parametrize("of", [Deployment, Sampler])
def test_what_is_stuck_needs_attention(
    of: type[Deployment | Sampler],
    acme: Workspace,
    now: datetime,
    django_assert_max_num_queries: Any,
) -> None:
    add_earlier(acme, now, list(range(1, 21)), of=of)
    counts = []

    def add(name: str, minutes: int) -> None:
        add_row(of, acme, name, status="DEPLOYING", base_model="m")
        since = now - minutes * MINUTE
        change(acme, name, "CREATED", "DEPLOYING", since, noun=of.noun)

    for number in (1, 3):
        for n in range(number):
            add(f"slow{number}-{n}", 30)
            add(f"usual{number}-{n}", 19)
            gone = {"status": "DEPLOYING", "base_model": "m", "missing_since": now}
            add_row(of, acme, f"gone{number}-{n}", **gone)
        caches["tables"].clear()
        with django_assert_max_num_queries(5) as queries:
            items = list(find_stuck(acme, now=now, limit=9))
        counts.append(len(queries))
    assert counts == [5, 5]
    assert [one.name for one in items] == ["slow1-0", "slow3-0", "slow3-1", "slow3-2"]
    assert (items[0].since, items[0].text) == (
        now - 30 * MINUTE,
        f"{of.noun.capitalize()} DEPLOYING for 30\xa0min. {EARLIER}",
    )


def test_too_little_history_says_nothing(acme: Workspace, alice: User, now: datetime) -> None:
    add_earlier(acme, now, [1, 2, 3, 4])
    row = add_row(Deployment, acme, "d", status="DEPLOYING", base_model="m")
    lasting = measure_status(row, now=now)
    assert (lasting.number, lasting.usual, lasting.is_long) == (4, None, False)
    assert (lasting.length, lasting.is_at_least) == (now - row.first_seen_at, True)
    page = login_as(alice).get("/w/acme/deployments/d/").content.decode()
    assert "too few earlier ones of this model to compare with" in page
