"""Saving, renaming and deleting views. What everyone sees is recorded."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.lists.models import MAX_VIEWS, SavedView
from loopsweb.resources.snapshot.store import lock_workspace


class ViewRefused(Exception):
    """The message says what to do."""


@transaction.atomic
def save_view(view: SavedView, *, action: str = "view.save", by: Actor, now: datetime) -> None:
    """Raises ViewRefused if its name is taken, or if there are too many."""
    lock_workspace(view.workspace)  # two at once would not see each other's
    check_place(view)
    record_shared(view, action=action, by=by, now=now)
    view.save()


def check_place(view: SavedView) -> None:
    others = SavedView.objects.exclude(pk=view.pk)
    beside = others.filter(workspace=view.workspace, noun=view.noun, person=view.person)
    if beside.filter(name=view.name).exists():
        raise ViewRefused("There is a view of this name. Choose another, or delete that.")
    if beside.count() >= MAX_VIEWS:
        whose = "You have" if view.person else "The team has"
        raise ViewRefused(f"{whose} {MAX_VIEWS} views of this list already. Delete one first.")


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
