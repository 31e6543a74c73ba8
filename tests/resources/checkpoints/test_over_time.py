"""The pictures of a run's checkpoints: sizes, the time between them, both targets, what syncs."""

from __future__ import annotations

import gzip
import re
from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints import over_time, over_time_views
from loopsweb.resources.models import Checkpoint, Run
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row


def build(number: int, minutes: int | None, target: str, **fields: Any) -> Checkpoint:
    at = None if minutes is None else FIRST_SEEN_AT + timedelta(minutes=minutes)
    return Checkpoint(pk=number, remote_id=f"c{number}", target=target, created_at=at, **fields)


TIMES = st.lists(
    st.tuples(st.none() | st.integers(0, 500), st.sampled_from(["trainer", "sampler", ""])),
    max_size=10,
)


@given(TIMES)
def test_each_waits_for_the_one_before_of_its_target(
    times: list[tuple[int | None, str]],
) -> None:
    rows = [build(number, minutes, target) for number, (minutes, target) in enumerate(times)]
    for one in over_time.order_saved(rows):
        order = (one.row.created_at, one.row.pk)
        before = [
            (row.created_at, row.pk)
            for row in rows
            if row.target == one.row.target and row.created_at and (row.created_at, row.pk) < order
        ]
        newest: datetime | None = max(before)[0] if before else None
        assert one.after == (newest and one.at - newest)


def test_cadence_is_the_median_of_each_target() -> None:
    rows = [build(n, at, "trainer") for n, at in enumerate((0, 10, 20, 90))]
    rows.append(build(9, 5, "sampler"))
    assert [
        (one.target, one.count, one.median)
        for one in over_time.measure_cadence(over_time.order_saved(rows))
    ] == [("sampler", 1, None), ("trainer", 4, timedelta(minutes=10))]


def show(browser: Client, run: Run) -> str:
    url = reverse("run-checkpoints", args=[run.workspace.slug, run.remote_id])
    return browser.get(url).content.decode()


def test_the_page_draws_both_targets_and_what_syncs(vic: User, acme: Workspace) -> None:
    run, now, browser = add_row(Run, acme, "r"), timezone.now(), login_as(vic)
    assert "Not read yet" in show(browser, run)
    for number, (target, size, sync) in enumerate(
        [
            ("trainer", 3 * 2**30, "COMPLETE"),
            ("sampler", None, "COMPLETE"),
            ("trainer", 1, "SYNCING"),
        ]
    ):
        add_row(
            Checkpoint,
            acme,
            f"c{number}",
            run_remote_id="r",
            name="step <b>",
            target=target,
            size_bytes=size,
            sync_status=sync,
            created_at=now - timedelta(hours=9 - number),
        )
    page = show(browser, run)
    assert "step &lt;b&gt;: 3 GiB" in page
    assert "step &lt;b&gt;: unknown" in page
    assert "step &lt;b&gt;: 2 h" in page
    assert "without 1 of unknown size" in page
    for kind in ("trainer weights", "still syncing"):
        assert f"</svg>{kind}</li>" in page
    assert re.findall(r"<h2>(\w+) weights</h2>", page) == ["Sampler", "Trainer"]


def test_the_newest_are_drawn_and_the_page_stays_small(
    vic: User, acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    run, now = add_row(Run, acme, "r"), timezone.now()
    count = over_time_views.MAX_SHOWN + 5
    Checkpoint.objects.bulk_create(
        Checkpoint(
            workspace=acme,
            remote_id=f"c{number}",
            run_remote_id="r",
            name=f"step-{number}",
            target=("trainer", "sampler")[number % 2],
            size_bytes=number * 10**8,
            created_at=now - timedelta(minutes=number),
            first_seen_at=now,
            changed_at=now,
        )
        for number in range(count)
    )
    browser = login_as(vic)
    with django_assert_max_num_queries(18):
        page = show(browser, run)
    assert f"{over_time_views.MAX_SHOWN} drawn: the newest whose time is known" in page
    assert f">step-{count - 1}<" not in page
    assert len(gzip.compress(page.encode())) < 50_000
