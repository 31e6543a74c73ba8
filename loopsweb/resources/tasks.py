"""What beat and Celery are for here: the heartbeat of the schedule. The lanes run in the worker."""

from __future__ import annotations

from typing import Any

from celery.signals import worker_init, worker_shutdown, worker_shutting_down
from django.db import connection
from django.utils import timezone

from loopsweb.celery import app
from loopsweb.resources import retention
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.worker import process
from loopsweb.resources.worker.database_clock import DatabaseClock

ENTRIES_LOOKED_AT = 1_000  # of each index, so that it takes milliseconds


@app.task
def tick() -> None:
    """Show that beat, the queue and a worker are alive: hourly tasks take the same way."""
    clock = DatabaseClock()
    record_heartbeat("schedule", now=clock(), clock_ahead=clock.ahead)


@app.task
def delete_old_rows() -> None:
    retention.delete_old_rows(now=timezone.now())


@app.task
def update_statistics() -> None:
    """SQLite chooses an index by how often values occur, and a first snapshot fills empty tables
    within minutes. PostgreSQL keeps count by itself."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA analysis_limit = {ENTRIES_LOOKED_AT}")
            cursor.execute("ANALYZE")


@worker_init.connect
def start_lanes(**_: Any) -> None:
    process.start()


@worker_shutting_down.connect
def stop_starting(**_: Any) -> None:
    process.request_stop()


@worker_shutdown.connect
def stop_lanes(**_: Any) -> None:
    process.stop()
