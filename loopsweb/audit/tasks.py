"""Celery tasks: verify every chain hourly, sign and deliver the heads daily, delete old heads."""

from __future__ import annotations

import logging

from django.utils import timezone

from loopsweb.audit.chain import delivery, signed_heads, stored, verification
from loopsweb.audit.chain.verifier import BrokenChain
from loopsweb.celery import app

log = logging.getLogger(__name__)


@app.task
def deliver_signed_heads() -> None:
    now = timezone.now()
    for workspace in signed_heads.find_due_workspaces(now=now):
        try:
            delivery.deliver_head(signed_heads.store_signed_head(workspace, now=now))
        except BrokenChain as broken:
            log.critical("the audit head of %s was not signed: %s", workspace, broken)


@app.task
def delete_old_heads() -> None:
    signed_heads.delete_old_heads(now=timezone.now())


@app.task
def verify_chains() -> None:
    for workspace in stored.list_workspaces():
        verification.verify_and_store_result(workspace, now=timezone.now())
