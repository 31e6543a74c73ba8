"""Deletes what nobody asks for any more: old forms, snoozes and status changes, and rows long
gone."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from loopsweb import retention
from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import CheckpointFeed
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.nouns import EVERY_NOUN, Noun
from loopsweb.resources.pages.idempotency import Submission
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.observed_periods import ObservedPeriod
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snapshot.unknown_periods import UnknownPeriod
from loopsweb.resources.snoozes import Snooze


def delete_old_rows(*, now: datetime) -> None:
    cutoff = retention.find_cutoff(now)
    if cutoff is None:
        return
    retention.delete_rows(Submission.objects.filter(at__lt=cutoff))
    for noun in EVERY_NOUN:
        retention.delete_rows(select_gone(noun, cutoff=cutoff), also=delete_traces)
    retention.delete_rows(select_superseded_changes(cutoff=cutoff))
    retention.delete_rows(UnknownPeriod.objects.filter(until__lt=cutoff))
    retention.delete_rows(ObservedPeriod.objects.filter(until__lt=cutoff))
    retention.delete_rows(Snooze.objects.filter(until__lt=cutoff))


def select_gone(noun: Noun, *, cutoff: datetime) -> QuerySet[Any]:
    """Rows that the API stopped listing before `cutoff`. What may still run is kept."""
    rows = noun.model._default_manager.filter(missing_since__lt=cutoff)
    if noun.ending is None or noun.vocabulary is None:
        return rows
    ended = Q(status__in=noun.vocabulary.terminal) | Q(status="")
    if noun.model is Deployment:
        ended |= Q(gone_at__lt=cutoff)
    return rows.filter(ended)


def delete_traces(batch: list[Any]) -> None:
    """Delete the history of rows, all of one noun, and the checkpoint queries of runs."""
    ids = defaultdict[int, list[str]](list)
    for row in batch:
        ids[row.workspace_id].append(row.remote_id)
    for workspace, some in ids.items():
        target = {"workspace": workspace, "noun": batch[0].noun}
        for model in (StatusChange, UnknownPeriod):
            model._default_manager.filter(**target, remote_id__in=some).delete()
        if isinstance(batch[0], Run):
            CheckpointFeed.objects.filter(
                state__key__workspace=workspace, by="run_id", value__in=some
            ).delete()
    Workspace.objects.filter(pk__in=ids).update(version=F("version") + 1)


def select_superseded_changes(*, cutoff: datetime) -> QuerySet[StatusChange]:
    """Old changes, except the last of each thing: it says since when its status is what it is."""
    of_the_same = {name: OuterRef(name) for name in ("workspace", "noun", "remote_id", "field")}
    later = StatusChange.objects.filter(**of_the_same, pk__gt=OuterRef("pk"))
    return StatusChange.objects.filter(Exists(later), first_seen_new_at__lt=cutoff)
