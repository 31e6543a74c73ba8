"""The counts of long lists are kept after each poll, and are those that a page would count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.lists import kept_counts
from loopsweb.resources.lists.kept_counts import (
    KeptCounts,
    find_counts,
    keep_counts,
    select_outdated,
)
from loopsweb.resources.lists.queries import SPECS
from loopsweb.resources.models import Deployment, Run
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.polling import poller
from loopsweb.resources.runs.views import SPEC as RUNS
from loopsweb.resources.snapshot.models import REPORTED
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.simulator import Simulator
from loopsweb.ui.facets import count_rows
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import FIRST_SEEN_AT, MODELS, add_row

Poll = Callable[..., int]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of two rows are long ones."""
    monkeypatch.setattr(kept_counts, "SHORTEST", 2)


@pytest.mark.usefixtures("short")
def test_a_poll_that_changes_something_keeps_the_counts_of_long_lists(
    acme: Workspace, loops: Simulator, add_key: AddKey, poll: Poll
) -> None:
    add_key()
    poll()
    acme.refresh_from_db()
    long = {noun for noun, model in MODELS.items() if model._default_manager.count() >= 2}
    assert {"runs", "deployments", "checkpoints"} <= long
    assert {noun for noun, model in MODELS.items() if find_counts(acme, model)} == long
    for model in (MODELS[noun] for noun in long):
        rows = model._default_manager.filter(workspace=acme)
        assert find_counts(acme, model) == count_rows(rows, model.facet_fields, apart=~REPORTED)

    loops.world.add_run()
    poll(after=120)
    acme.refresh_from_db()
    counts = find_counts(acme, Run)
    assert counts
    assert counts.total == Run.objects.count() == len(loops.world.runs)


@pytest.mark.usefixtures("short")
def test_a_poll_without_news_counts_again_what_somebody_has_outdated(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    for _ in range(2):
        world.world.add_run()
    add_key()
    for _ in range(3):
        poll(after=120)
    touch_version(acme)  # as a protection or a request does
    acme.refresh_from_db()
    assert find_counts(acme, Run) is None
    before = acme.version
    poll(after=120)
    acme.refresh_from_db()
    assert acme.version == before  # no news
    assert find_counts(acme, Run)


@pytest.mark.usefixtures("short")
def test_a_list_shows_what_is_kept_without_counting_and_nothing_of_an_earlier_version(
    acme: Workspace, alice: User
) -> None:
    for n in range(3):
        add_row(Run, acme, f"r{n}", status="ACTIVE" if n else "FAILED")
    touch_version(acme)
    keep_counts(acme)
    browser, url = login_as(alice), f"/w/{acme.slug}/runs/?status=ACTIVE"
    with CaptureQueriesContext(connection) as queries:
        assert "ACTIVE (2)" in browser.get(url).content.decode()
    assert not [one for one in queries.captured_queries if "GROUP BY" in one["sql"]]

    add_row(Run, acme, "r3", status="ACTIVE")
    touch_version(acme)
    assert "ACTIVE (3)" in browser.get(url).content.decode()


@pytest.mark.usefixtures("short")
def test_nothing_is_kept_of_a_version_that_ends_while_it_is_counted(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(2):
        add_row(Run, acme, f"r{n}")
    count = count_rows

    def count_and_change(*args: object, **options: object) -> object:
        touch_version(acme)
        return count(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(kept_counts, "count_rows", count_and_change)
    keep_counts(acme)
    assert not KeptCounts.objects.exists()


@pytest.mark.usefixtures("short")
def test_what_is_kept_of_a_list_that_became_short_is_deleted(acme: Workspace) -> None:
    """Otherwise it would be outdated for ever, and every poll would count the others again."""
    for n in range(3):
        add_row(Run, acme, f"r{n}")
        add_row(Deployment, acme, f"d{n}")
    keep_counts(acme)
    Run.objects.exclude(remote_id="r0").delete()
    touch_version(acme)
    keep_counts(acme)
    acme.refresh_from_db()
    assert (find_counts(acme, Run), KeptCounts.objects.count()) == (None, 1)
    assert not select_outdated(version=acme.version).exists()
    with CaptureQueriesContext(connection) as queries:
        keep_counts(acme)
    assert not [one for one in queries.captured_queries if "GROUP BY" in one["sql"]]


@pytest.mark.usefixtures("short")
def test_the_most_frequent_values_come_first_also_from_the_database(acme: Workspace) -> None:
    for n, status in enumerate(["INACTIVE", "UP", "INACTIVE", "B", "A"]):
        add_row(Run, acme, f"r{n}", status=status)
    keep_counts(acme)
    counts = find_counts(acme, Run)
    assert counts
    assert counts.values["status"] == [("INACTIVE", 2), ("A", 1), ("B", 1), ("UP", 1)]


@pytest.mark.usefixtures("short")
def test_what_another_release_has_kept_is_counted_anew(acme: Workspace) -> None:
    for n in range(2):
        add_row(Run, acme, f"r{n}")
    keep_counts(acme)
    fewer_fields = {"total": 2, "apart": 0, "values": {}, "values_apart": {}}
    for another in ({"another": "shape"}, fewer_fields):
        KeptCounts.objects.update(counts=another)
        assert find_counts(acme, Run) is None


@pytest.mark.usefixtures("short")
def test_an_outage_while_lists_are_counted_leaves_the_next_poll_where_it_is(
    acme: Workspace, world: Simulator, add_key: AddKey, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Workspace) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(poller, "keep_counts", fail)
    for _ in range(2):
        world.world.add_run()
    state = add_key().poll_state
    poll()
    state.refresh_from_db()
    assert state.last_success_at
    assert state.next_poll_at > state.last_success_at


def test_short_lists_are_not_kept(acme: Workspace) -> None:
    add_row(Run, acme, "r1")
    keep_counts(acme)
    assert not KeptCounts.objects.exists()


def test_what_is_kept_has_all_that_the_filters_of_a_list_offer() -> None:
    """Otherwise each page would count."""
    import_module("loopsweb.urls")  # registers the lists
    for slug, noun in NOUNS.items():
        assert SPECS[slug].counted_fields == {*noun.model.facet_fields}, slug


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "ACTIVE", "x"]), st.booleans(), st.sampled_from("ab")),
        max_size=8,
    )
)
def test_facets_are_the_same_from_kept_counts(
    acme: Workspace, rows: list[tuple[str, bool, str]]
) -> None:
    Run.objects.all().delete()
    for n, (status, is_missing, model) in enumerate(rows):
        gone = {"missing_since": FIRST_SEEN_AT} if is_missing else {}
        add_row(Run, acme, f"r{n}", status=status, base_model=model, **gone)
    spec, here = RUNS, Run.objects.in_workspace(acme)
    kept = count_rows(here, Run.facet_fields, apart=~REPORTED)
    assert spec.count_facets(here, kept=kept) == spec.count_facets(here)
    partial = replace(spec, most_counted=0)  # counts the newest rows alone, of which there are none
    assert partial.count_facets(here, kept=kept) == spec.count_facets(here)


def test_a_workspace_that_was_deleted_is_not_counted(acme: Workspace) -> None:
    gone = Workspace(pk=acme.pk + 1)
    kept_counts.keep_counts(gone)
    assert kept_counts.KeptCounts.objects.count() == 0
