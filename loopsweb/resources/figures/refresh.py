"""Stores figures in the transaction that stores what they follow from: rows, checkpoints, prices.

Only rows whose figures differ are written, in bulk.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.prepared_writes import PreparedUpdate
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.figures.compute import compute_figures
from loopsweb.resources.figures.queries import FigureRows, select_at_work
from loopsweb.resources.figures.related import MODELS, Key, load_related
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.models import FIGURES, Costed, Snapshot
from loopsweb.resources.snapshot.store import lock_writers, touch_version
from loopsweb.resources.snapshot.stored_rows import BATCH_SIZE, split_into_batches

_waiting: ContextVar[set[Key] | None] = ContextVar("figures that wait", default=None)
FORMULA = "3"  # another one makes the next poll compute all stored figures anew


def refresh_after_store(
    sender: type[Snapshot], workspace: Workspace, ids: list[str], rows: list[Any], **_: Any
) -> None:
    """The receiver of `rows_stored`. A checkpoint is a sign of work where something works."""
    if sender is Checkpoint:
        runs = sorted({row.run_remote_id for row in rows})
        at_work = select_at_work.fetch(workspace=workspace.pk, ids=runs) if runs else ()
        keys: set[Key] = {(Run, remote_id) for (remote_id,) in at_work}
    elif issubclass(sender, Costed):
        keys = {(sender, remote_id) for remote_id in ids}
    else:
        return
    waiting = _waiting.get()
    if waiting is None or len(keys) == BATCH_SIZE:  # of so many rows there are more
        refresh_figures(workspace, keys)
    else:
        waiting |= keys


@contextmanager
def refresh_once(workspace: Workspace) -> Iterator[None]:
    """Figures of few rows that are stored within are refreshed at the end. Call it in a
    transaction."""
    keys = set[Key]()
    token = _waiting.set(keys)
    try:
        yield
    finally:
        _waiting.reset(token)
    refresh_figures(workspace, keys)


@transaction.atomic
def refresh_everything(workspace: Workspace, **_: Any) -> None:
    """For other prices, or another formula. What has ended costs nothing at any price."""
    lock_writers(workspace)
    keys: list[Key] = []
    for model in MODELS:
        ended = Q(status__in=model.vocabulary.terminal if model.vocabulary else (), gpus=0)
        rows = model._default_manager.filter(workspace=workspace).exclude(ended)
        keys += [(model, remote_id) for remote_id in rows.values_list("remote_id", flat=True)]
    refresh_figures(workspace, keys)
    touch_version(workspace)


def catch_up(workspace: Workspace) -> None:
    """Compute all figures anew, once after the formula has changed."""
    if not Catalogue.objects.filter(workspace=workspace, formula=FORMULA).exists():
        with transaction.atomic():
            refresh_everything(workspace)
            Catalogue.objects.update_or_create(workspace=workspace, defaults={"formula": FORMULA})


def refresh_figures(workspace: Workspace, keys: Iterable[Key]) -> None:
    """Of these rows, and of those whose figures follow from theirs. Call `lock_writers` first."""
    known = sorted({key for key in keys if key[1]}, key=lambda key: (key[0].noun, key[1]))
    if not known:
        return
    figure_rows = FigureRows(workspace)
    for some in split_into_batches(known):
        changed = defaultdict[type[Costed], list[Costed]](list)
        for row, values in compute_figures(figure_rows, load_related(figure_rows, some)):
            if values != tuple(getattr(row, name) for name in FIGURES):
                for name, value in zip(FIGURES, values, strict=True):
                    setattr(row, name, value)
                changed[type(row)].append(row)
        for model, found in changed.items():
            write_figures(model, found)


def write_figures(model: type[Costed], rows: list[Any]) -> None:
    with connection.cursor() as cursor:
        prepare_update(model).update(cursor, rows)


@cache
def prepare_update(model: type[Costed]) -> PreparedUpdate:
    return PreparedUpdate(model, FIGURES)
