from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_save
from django.utils import timezone


class ResourcesConfig(AppConfig):
    name = "loopsweb.resources"

    def ready(self) -> None:
        from loopsweb.keys.models import Key

        post_save.connect(poll_at_once, sender=Key, dispatch_uid="poll_at_once")


def poll_at_once(instance: Any, **_: Any) -> None:
    """A key that is new, replaced or checked again is polled with at once."""
    from loopsweb.resources.poll_state import PollState

    due = {"next_poll_at": timezone.now(), "failures": 0}
    PollState.objects.update_or_create(key=instance, defaults=due)
