"""When each part of the worker last showed that it is alive, by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

INTERVAL = timedelta(seconds=3)  # between two writes
MISSED_TICKS = 30


class Heartbeat(models.Model):
    """clock_ahead: by how many seconds the clock of the machine was ahead of the database's."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()
    clock_ahead = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"

    def is_alive(self, *, now: datetime) -> bool:
        return now - self.at < timedelta(seconds=MISSED_TICKS * settings.POLL_TICK_SECONDS)


def record_heartbeat(name: str, *, now: datetime, clock_ahead: timedelta) -> None:
    """At most one in INTERVAL is written, however many processes there are."""
    rows = Heartbeat.objects.filter(name=name)
    if not rows.filter(at__gt=now - INTERVAL, at__lte=now).exists():
        Heartbeat.objects.update_or_create(
            name=name, defaults={"at": now, "clock_ahead": clock_ahead.total_seconds()}
        )
