"""Saving, renaming and deleting views. What everyone sees is recorded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.lists.models import SavedView


@transaction.atomic
def save_view(view: SavedView, *, action: str = "view.save", by: Actor, now: datetime) -> None:
    record_shared(view, action=action, by=by, now=now)
    view.save()


@transaction.atomic
def delete_view(view: SavedView, *, by: Actor, now: datetime) -> None:
    record_shared(view, action="view.delete", by=by, now=now)
    view.delete()


def record_shared(view: SavedView, *, action: str, by: Actor, now: datetime) -> None:
    if view.person_id is None:
        record_event(
            **by,
            action=action,
            outcome=Outcome.SUCCEEDED,
            target_noun="view",
            target_name=f"{view.name}: {view.noun}?{view.query}",
            now=now,
        )
