"""Celery tasks that delete expired sessions."""

from __future__ import annotations

from django.core.management import call_command

from loopsweb.celery import app


@app.task
def clear_ended_sessions() -> None:
    call_command("clearsessions")
