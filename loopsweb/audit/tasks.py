"""Celery's side of the trail: verified hourly, its heads signed and handed out daily."""

from __future__ import annotations

from django.utils import timezone

from loopsweb.audit import checking, handing, heads, trail
from loopsweb.celery import app


@app.task
def hand_out_heads() -> None:
    now = timezone.now()
    for workspace in heads.due(now=now):
        handing.hand_out(heads.keep_signed(workspace, now=now))


@app.task
def verify_chains() -> None:
    for workspace in trail.workspaces():
        checking.check(workspace, now=timezone.now())
