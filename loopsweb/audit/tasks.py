"""Celery's side of the trail: verified hourly, its heads signed and handed out daily."""

from __future__ import annotations

import logging

from django.utils import timezone

from loopsweb.audit.chain import checkpoints, checks, delivery, trail
from loopsweb.audit.chain.verifier import Broken
from loopsweb.celery import app

log = logging.getLogger(__name__)


@app.task
def hand_out_heads() -> None:
    now = timezone.now()
    for workspace in checkpoints.due(now=now):
        try:
            delivery.hand_out(trail.keep_signed(workspace, now=now))
        except Broken as broken:
            log.critical("no head of %s was signed: %s", workspace, broken)


@app.task
def verify_chains() -> None:
    for workspace in trail.workspaces():
        checks.check(workspace, now=timezone.now())
