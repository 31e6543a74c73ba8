"""The band on the page of one thing: what it was when, its checkpoints, and who stopped it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.models import Checkpoint, Deployment, Run
from loopsweb.resources.pages.status_band import MAX_TICKS, StatusBand, draw_status_band
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.simulator import Simulator
from loopsweb.ui.charts.bands import Mark
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.rows import add_row

Poll = Callable[..., int]
HOUR = timedelta(hours=1)


def draw(
    row: Snapshot, now: datetime, chosen: str = "life", requests: Sequence[Deactivation] = ()
) -> StatusBand:
    band = draw_status_band(row, chosen=chosen, requests=requests, now=now)
    assert band is not None
    return band


def labels(band: StatusBand) -> list[tuple[str, str]]:
    return [(one.span.label, one.span.note) for one in band.band.spans]


def test_a_band_shows_statuses_gaps_and_absence(
    world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    deployment = world.world.add_deployment(id="d", status="DEPLOYING")
    add_key()
    clock.pass_(600)
    poll()
    deployment.status = "RUNNING"
    poll(after=70)
    poll(after=HOUR.total_seconds())
    del world.world.deployments["d"]
    poll(after=70)
    world.world.deployments["d"] = deployment
    deployment.status = "STOPPED"
    poll(after=70)
    clock.pass_(HOUR.total_seconds())

    band = draw(Deployment.objects.get(), clock())
    assert labels(band) == [
        ("not observed", ""),
        ("DEPLOYING", ""),
        ("not observed", "last seen RUNNING"),
        ("RUNNING", ""),
        ("not in the answers", "last seen RUNNING"),
        ("STOPPED", ""),
    ]
    lengths = [round(one.span.length.total_seconds()) for one in band.band.spans]
    assert lengths[:5] == [600, 70, 3600, 70, 70]
    assert lengths[5] < HOUR.total_seconds()
    day = draw(Deployment.objects.get(), clock(), "day")
    assert [label for label, _ in labels(day)][:2] == ["not there yet", "not observed"]


def test_ticks_are_the_checkpoints_of_its_runs(acme: Workspace, now: datetime) -> None:
    run = add_row(Run, acme, "r", deployment_remote_id="d", status="ACTIVE")
    deployment = add_row(Deployment, acme, "d", active_run_remote_id="r", status="RUNNING")
    for n, (run_id, hours) in enumerate([("r", 1), ("r", 2), ("other", 1), ("r", 30)]):
        at = now - hours * HOUR
        add_row(Checkpoint, acme, f"c{n}", run_remote_id=run_id, created_at=at)
    for row in (run, deployment):
        band = draw(row, now, "day")
        assert [one.mark.at for one in band.band.marks] == [now - 2 * HOUR, now - HOUR]
        assert band.is_cut is False
    assert MAX_TICKS > 1


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.CONFIRMED, "Olga stopped {}"),
        (State.REQUESTED, "Olga asked to stop {}: sent, no answer yet"),
        (State.SUCCEEDED, "Olga asked to stop {}: accepted by the API"),
        (State.UNKNOWN, "Olga asked to stop {}: outcome unknown"),
        (State.REFUSED, "Olga tried to stop {}: not deactivated"),
        (State.ENDED, "Olga asked to stop {}: ended without being stopped"),
        (State.LOST, "Olga asked to stop {}: no longer known"),
    ],
)
def test_who_stopped_it_or_tried_to_stands_on_it(
    state: State, words: str, acme: Workspace, now: datetime
) -> None:
    run = add_row(Run, acme, "r", deployment_remote_id="d", status="INACTIVE")
    deployment = add_row(Deployment, acme, "d", status="STOPPED")
    stop = add_request(acme, state, now)
    for row, what in ((deployment, "it"), (run, "deployment d")):
        [mark] = draw(row, now, "day", [stop]).band.marks
        label, url = words.format(what), stop.get_absolute_url()
        assert mark.mark == Mark(now - HOUR, label, "act", url)


@pytest.mark.parametrize("state", [state for state, spec in STATES.items() if not spec.sent])
def test_what_was_not_sent_does_not_stand_on_it(
    state: State, acme: Workspace, now: datetime
) -> None:
    deployment = add_row(Deployment, acme, "d", status="RUNNING")
    assert draw(deployment, now, "day", [add_request(acme, state, now)]).band.marks == []


def add_request(acme: Workspace, state: State, now: datetime) -> Deactivation:
    return Deactivation.objects.create(
        workspace=acme, noun="deployment", target_remote_id="d", person="Olga", state=state,
        requested_at=now, state_since=now, ask_at=now, sent_at=now - HOUR,
    )  # fmt: skip


@pytest.mark.parametrize("chosen", ["day", "week", "life", "nonsense", "\0"])
def test_the_page_shows_the_band_and_its_table(chosen: str, acme: Workspace, alice: User) -> None:
    add_row(Deployment, acme, "d", status="RUNNING", first_seen_at=timezone.now() - HOUR)
    answer = login_as(alice).get("/w/acme/deployments/d/", {"history": chosen})
    page = answer.content.decode()
    shown = {"week": "7 days", "day": "24 hours"}.get(chosen, "All of it")
    assert f'aria-current="true">{shown}</a>' in page
    assert 'aria-labelledby="statuses-title statuses-desc"' in page
    assert "not observed, last seen RUNNING" in strip_tags(page)


def test_what_has_no_status_has_no_band(acme: Workspace, alice: User) -> None:
    from loopsweb.resources.models import Session

    browser: Client = login_as(alice)
    add_row(Session, acme, "s")
    assert b"Status over time" not in browser.get("/w/acme/sessions/s/").content
