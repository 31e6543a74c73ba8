from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from loopsweb.accounts.models import Invitation, User, Workspace
from loopsweb.accounts.tasks import clear_ended_sessions, delete_closed_invitations
from loopsweb.celery import app
from tests.personas import login_as

MINUTES_OF_SKEW = 10


def test_only_expired_sessions_are_deleted(alice: User, otto: User) -> None:
    ended, kept = (login_as(person).session.session_key for person in (alice, otto))
    Session.objects.filter(pk=ended).update(expire_date=timezone.now() - timedelta(seconds=1))

    clear_ended_sessions()

    assert [each.pk for each in Session.objects.all()] == [kept]


def test_where_a_session_was_used_is_deleted_with_it(alice: User, otto: User) -> None:
    browsers = [login_as(person) for person in (alice, otto)]
    for browser in browsers:
        browser.get("/keys/")
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(days=2))
    Session.objects.filter(pk=browsers[0].session.session_key).delete()

    clear_ended_sessions()

    assert [each.user for each in UserSession.objects.all()] == [otto]


@pytest.mark.parametrize("closed_by", ["accepted_at", "revoked_at", "expires_at"])
def test_invitations_closed_long_ago_are_deleted(
    closed_by: str, alice: User, acme: Workspace
) -> None:
    now = timezone.now()
    ages = {"old": timedelta(days=401), "recent": timedelta(days=399)}
    for name, age in ages.items():
        closed = {"invited_at": now - age, "expires_at": now + age, closed_by: now - age}
        acme.team.invitations.create(email=f"{name}@example.com", digest=name, **closed)

    delete_closed_invitations()

    assert [each.digest for each in Invitation.objects.all()] == ["recent"]


def test_scheduled_tasks_exist() -> None:
    app.loader.import_default_modules()

    scheduled = {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled - set(app.tasks) == set()
    assert scheduled >= {
        "loopsweb.accounts.tasks.clear_ended_sessions",
        "loopsweb.accounts.tasks.delete_closed_invitations",
        "loopsweb.audit.tasks.delete_old_heads",
        "loopsweb.json_api.tokens.tasks.delete_old_tokens",
        "loopsweb.resources.tasks.delete_old_rows",
    }


def test_no_scheduled_task_expires_because_clocks_differ() -> None:
    """Celery compares the expiry that beat wrote with the clock of the worker."""
    lifetimes = [seconds for _when, seconds in settings.SCHEDULE.values()]

    assert [each for each in lifetimes if each < MINUTES_OF_SKEW * 60] == []
