"""Celery's side of signing in: what has ended does not pile up."""

from __future__ import annotations

from django.core.management import call_command

from loopsweb.celery import app


@app.task
def clear_ended_sessions() -> None:
    call_command("clearsessions")
