"""Celery's side: take a primitive in, call the domain. Polls may run twice without harm."""

from __future__ import annotations

from django.utils import timezone

from loopsweb.celery import app
from loopsweb.resources.deactivations import carrying_out, settling
from loopsweb.resources.polling import heartbeat, leases, poller


@app.task
def tick() -> None:
    """Hand out what is due. Beat sends it with an expiry, so a stopped worker leaves no backlog."""
    now = timezone.now()
    heartbeat.beat(now=now)
    for state_id in leases.claim_due(now=now):
        poll_key.apply_async((state_id,), expires=leases.LEASE.total_seconds())
    carrying_out.expire(now=now)
    for deactivation_id in carrying_out.claim(now=now):
        carry_out.apply_async((deactivation_id,), expires=carrying_out.TAKEN_FOR.total_seconds())
    for deactivation_id in settling.claim(now=now):
        settle_deactivation.delay(deactivation_id)


@app.task
def poll_key(state_id: int) -> None:
    poller.poll(state_id, clock=timezone.now)


@app.task
def carry_out(deactivation_id: int) -> None:
    carrying_out.carry_out(deactivation_id, clock=timezone.now)


@app.task
def settle_deactivation(deactivation_id: int) -> None:
    settling.settle(deactivation_id, now=timezone.now())
