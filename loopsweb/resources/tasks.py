"""Celery tasks: they take primitives and call the domain. Polls may run twice without harm."""

from __future__ import annotations

from django.utils import timezone

from loopsweb.celery import app
from loopsweb.resources import retention
from loopsweb.resources.deactivations import dispatch, reconcile
from loopsweb.resources.polling import heartbeat, leases, poller


@app.task
def tick() -> None:
    """Enqueue what is due. Beat sends it with an expiry, so a stopped worker leaves no backlog."""
    now = timezone.now()
    heartbeat.record_beat(now=now)
    for pk in leases.claim_due_states(now=now):
        poll_key.apply_async((pk,), expires=leases.LEASE.total_seconds())
    dispatch.expire_overdue(now=now)
    for pk in dispatch.claim_due(now=now):
        dispatch_deactivation.apply_async((pk,), expires=dispatch.SEND_LEASE.total_seconds())
    for pk in reconcile.claim_sent(now=now):
        reconcile_deactivation.delay(pk)


@app.task
def delete_old_rows() -> None:
    retention.delete_old_rows(now=timezone.now())


@app.task
def poll_key(state_id: int) -> None:
    poller.run_poll(state_id, clock=timezone.now)


@app.task
def dispatch_deactivation(deactivation_id: int) -> None:
    dispatch.dispatch(deactivation_id, clock=timezone.now)


@app.task
def reconcile_deactivation(deactivation_id: int) -> None:
    reconcile.reconcile(deactivation_id, now=timezone.now())
