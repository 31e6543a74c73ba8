"""What beat and Celery are for here: the heartbeat of the schedule. The lanes run in the worker."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.utils import timezone

from loopsweb.celery import app
from loopsweb.resources import retention
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.worker import process
from loopsweb.resources.worker.database_clock import DatabaseClock


@app.task
def tick() -> None:
    """Show that beat, the queue and a worker are alive: hourly tasks take the same way."""
    clock = DatabaseClock()
    record_heartbeat("schedule", now=clock(), clock_ahead=clock.ahead)


@app.task
def delete_old_rows() -> None:
    retention.delete_old_rows(now=timezone.now())


@worker_init.connect
def start_lanes(**_: Any) -> None:
    process.start()


@worker_shutting_down.connect
def stop_starting(**_: Any) -> None:
    process.request_stop()


@worker_shutdown.connect
def stop_lanes(**_: Any) -> None:
    process.stop()
