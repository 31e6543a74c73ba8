from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import AppConfig

from loopsweb.keys.signals import key_ready


class ResourcesConfig(AppConfig):
    name = "loopsweb.resources"

    def ready(self) -> None:
        from loopsweb.audit.erasure import erased
        from loopsweb.resources import erasure
        from loopsweb.resources.deactivations import endings
        from loopsweb.resources.snapshot.status_changes import seen

        seen.connect(endings.note, dispatch_uid="endings")
        erased.connect(erasure.forget, dispatch_uid="forgetting")
        key_ready.connect(poll_at_once, dispatch_uid="poll_at_once")


def poll_at_once(key: Any, now: datetime, **_: Any) -> None:
    """A key that is new, replaced or checked again is polled with at once."""
    from loopsweb.resources.snapshot.poll_state import PollState

    due = {"next_poll_at": now, "failures": 0}
    PollState.objects.update_or_create(key=key, defaults=due)
