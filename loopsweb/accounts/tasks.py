"""Celery tasks that delete expired sessions and closed invitations."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from loopsweb import retention
from loopsweb.accounts.models import Invitation
from loopsweb.celery import app

A_DAY = timedelta(days=1)


@app.task
def clear_ended_sessions() -> None:
    """Also the addresses and browsers from which they were used."""
    now = timezone.now()
    retention.delete_rows(Session.objects.filter(expire_date__lt=now))
    kept = Session.objects.filter(pk=OuterRef("session_key"))
    unused = UserSession.objects.filter(last_seen_at__lt=now - A_DAY)
    retention.delete_rows(unused.filter(~Exists(kept)))


@app.task
def delete_closed_invitations() -> None:
    if cutoff := retention.find_cutoff(timezone.now()):
        closed = Q(accepted_at__lt=cutoff) | Q(revoked_at__lt=cutoff) | Q(expires_at__lt=cutoff)
        retention.delete_rows(Invitation.objects.filter(closed))
