"""Keys of the recorded API, each in a workspace of its own."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from bench.recorded_api import SECRET
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.serving.benchmark_data.founding import found_workspace

LATER = timedelta(days=3650)


def add_key(number: int, *, api: str, secret: str = "") -> PollState:
    """It is due when `next_poll_at` is changed. secret: of another API than the recorded one."""
    now = timezone.now()
    name, owner = f"organisation {number}", f"admin{number}@example.com"
    key = found_workspace(name, owner=owner, now=now)
    key.api_url = api
    key.set_secret(secret or f"{SECRET}{number}")
    key.save()
    return PollState.objects.create(key=key, next_poll_at=now + LATER)
