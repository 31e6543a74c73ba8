from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.accounts.tasks import clear_ended_sessions
from loopsweb.celery import app
from tests.personas import login_as


def test_only_expired_sessions_are_deleted(alice: User, otto: User) -> None:
    ended, kept = (login_as(person).session.session_key for person in (alice, otto))
    Session.objects.filter(pk=ended).update(expire_date=timezone.now() - timedelta(seconds=1))

    clear_ended_sessions()

    assert [each.pk for each in Session.objects.all()] == [kept]


def test_scheduled_tasks_exist() -> None:
    app.loader.import_default_modules()

    scheduled = {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled - set(app.tasks) == set()
    assert "loopsweb.accounts.tasks.clear_ended_sessions" in scheduled
