from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.resources.models import CheckpointFeed, PollState, StatusChange, Submission
from loopsweb.resources.retention import delete_old_rows
from loopsweb.resources.snapshot.store import touch_version
from loopsweb.retention import BATCH_SIZE
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import MODELS, add_row

OLD, RECENT = timedelta(days=401), timedelta(days=399)


def add_change(acme: Workspace, at: datetime, new: str, remote_id: str = "run-1") -> StatusChange:
    return StatusChange.objects.create(
        workspace=acme, noun="run", remote_id=remote_id, field="status", new=new,
        first_seen_new_at=at,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("noun", "fields", "is_kept"),
    [
        ("runs", {"status": "INACTIVE"}, False),
        ("runs", {"status": ""}, False),
        ("runs", {"status": "ACTIVE"}, True),
        ("runs", {"status": "SOMETHING_NEW"}, True),
        ("samplers", {"status": "FAILED"}, False),
        ("samplers", {"status": "ACTIVE"}, True),
        ("deployments", {"status": "STOPPED"}, False),
        ("deployments", {"status": "ACTIVE"}, True),
        ("deployments", {"status": "ACTIVE", "gone_at": OLD}, False),
        ("deployments", {"status": "ACTIVE", "gone_at": RECENT}, True),
        ("checkpoints", {"sync_status": "SYNCING"}, False),
        ("sessions", {}, False),
    ],
)
def test_rows_that_are_gone_for_long_and_do_not_run_are_deleted(
    noun: str, fields: dict[str, Any], is_kept: bool, acme: Workspace, now: datetime
) -> None:
    past = {name: now - age for name, age in fields.items() if isinstance(age, timedelta)}
    for name, missing_since in {"old": now - OLD, "new": now - RECENT, "listed": None}.items():
        add_row(MODELS[noun], acme, name, **fields | past, missing_since=missing_since)

    delete_old_rows(now=now)

    kept = set(MODELS[noun]._default_manager.values_list("remote_id", flat=True))
    assert kept == {"new", "listed"} | ({"old"} if is_kept else set())


def test_what_belongs_to_a_deleted_row_goes_with_it(
    acme: Workspace, now: datetime, add_key: AddKey
) -> None:
    state = PollState.objects.get(key=add_key())
    for run in ("gone", "here"):
        missing_since = now - OLD if run == "gone" else None
        add_row(MODELS["runs"], acme, run, status="INACTIVE", missing_since=missing_since)
        add_change(acme, now - OLD, "INACTIVE", run)
        CheckpointFeed.objects.create(state=state, by="run_id", value=run)
    version = Workspace.objects.get(pk=acme.pk).version

    delete_old_rows(now=now)

    assert [change.remote_id for change in StatusChange.objects.all()] == ["here"]
    assert [feed.value for feed in CheckpointFeed.objects.all()] == ["here"]
    assert Workspace.objects.get(pk=acme.pk).version == version + 1


def test_the_last_change_of_a_thing_stays_and_its_page_says_how_far_back_it_goes(
    acme: Workspace, alice: User, now: datetime
) -> None:
    run = add_row(MODELS["runs"], acme, "run-1", status="INACTIVE", first_seen_at=now - 3 * OLD)
    for age, status in [(3 * OLD, "ACTIVE"), (2 * OLD, "PENDING"), (OLD, "INACTIVE")]:
        add_change(acme, now - age, status)

    delete_old_rows(now=now)

    assert [change.new for change in StatusChange.objects.all()] == ["INACTIVE"]
    path = f"/w/acme/runs/{run.remote_id}/"
    assert "only the last is kept" in login_as(alice).get(path).content.decode()
    MODELS["runs"]._default_manager.update(first_seen_at=F("first_seen_at") + 4 * OLD)
    touch_version(acme)
    assert "only the last is kept" not in login_as(alice).get(path).content.decode()


def test_more_than_a_batch_is_deleted_but_neither_recent_forms_nor_audit_events(
    acme: Workspace, now: datetime
) -> None:
    Submission.objects.bulk_create(
        Submission(workspace=acme, once=uuid.uuid4(), at=now - OLD) for _ in range(BATCH_SIZE + 1)
    )
    kept = Submission.objects.create(workspace=acme, once=uuid.uuid4(), at=now - RECENT)
    record_event(workspace="acme", action="key.add", outcome="succeeded", now=now - 9 * OLD)

    delete_old_rows(now=now)

    assert [*Submission.objects.all()] == [kept]
    assert Event.objects.count() == 1


def test_without_a_retention_time_everything_is_kept(
    acme: Workspace, alice: User, now: datetime, settings: Settings
) -> None:
    settings.LOOPSWEB_RETENTION_DAYS = 0
    Submission.objects.create(workspace=acme, once=uuid.uuid4(), at=now - 9 * OLD)
    add_row(MODELS["sessions"], acme, "old", missing_since=now - 9 * OLD)

    delete_old_rows(now=now)

    assert (Submission.objects.count(), MODELS["sessions"]._default_manager.count()) == (1, 1)
    assert "only the last" not in login_as(alice).get("/w/acme/sessions/old/").content.decode()
