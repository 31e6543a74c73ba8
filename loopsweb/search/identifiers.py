"""What names exactly one thing and is no id of the API: bt:// URIs, ids of requests, batches and
clean-ups, audit events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.models import Event
from loopsweb.loops_api.uris import TARGETS, CheckpointURI
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.models import Cleanup
from loopsweb.resources.deactivations.models import Batch, Deactivation
from loopsweb.search.hits import Hit, join_details
from loopsweb.search.rows import describe_request, describe_row

AROUND = "\"'`<>()[],; \t\r\n"  # what copying brings along
URI = re.compile(r"(?:bt:)?/*(?:loops|trainers):(?P<run>[^/]+)/*(?P<rest>.*)", re.IGNORECASE)
NUMBER = re.compile(r"#(?P<number>[0-9]{1,18})")
MOST = 6


def unwrap(typed: str) -> str:
    """Without quotes and brackets around it."""
    return typed.strip(AROUND) or typed.strip()


def find_by_uri(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """By a URI in any spelling, whole or begun."""
    spelled = URI.fullmatch(unwrap(typed)) or URI.fullmatch(unwrap(unquote(typed)))
    if spelled is None:
        return
    run_id, rest = spelled["run"], spelled["rest"]
    rows = Checkpoint.objects.in_workspace(request.workspace).filter(run_remote_id=run_id)
    checkpoints = reverse("checkpoints:list", args=[request.workspace.slug])
    try:
        uri = CheckpointURI.parse(f"bt://loops:{run_id}/{rest}")
    except ValueError:
        target = TARGETS.get(rest.strip("/"), "")
        begun = rows.filter(Q(target=target) if target else Q()).newest_first()
        for row in begun.defer("raw")[:MOST]:
            yield describe_row(request, row)
        listed = urlencode({"run_id": run_id})
        yield Hit(
            kind="Page",
            label=f"Checkpoints of {run_id}",
            url=f"{checkpoints}?{listed}",
            icon="bookmark",
        )
        return
    for row in rows.filter(target=uri.target, name=uri.name).defer("raw"):
        hit = describe_row(request, row)
        yield replace(hit, names=hit.names | {typed})
    asked = urlencode({"checkpoint_path": str(uri)})
    yield Hit(
        kind="Action",
        label=f"Ask the API for {uri}",
        detail="finds what loopsweb has not read",
        url=f"{checkpoints}?{asked}",
        icon="signal",
    )


def find_by_uuid(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """A request, a batch of them or a clean-up; else what the audit trail has under this id."""
    try:
        uid = UUID(typed)
    except ValueError:
        return
    here = {"workspace": request.workspace}
    requests = Deactivation.objects.filter(**here, incident=uid)
    batches = Batch.objects.filter(**here, uid=uid)
    cleanups = Cleanup.objects.filter(**here, uid=uid)
    found = [
        *map(describe_request, requests.select_related("workspace")),
        *map(describe_batch, batches.select_related("workspace")),
        *map(describe_cleanup, cleanups.select_related("workspace")),
    ]
    events = Event.objects.filter(workspace=request.workspace.slug, incident=uid)
    trail = events.order_by("sequence")
    for hit in found or map(describe_event, trail[:1]):
        yield replace(hit, names=hit.names | {typed})


def describe_batch(row: Batch) -> Hit:
    count = row.rows.count()
    return Hit(
        kind="Deactivations",
        label=f"{count:,} {row.noun}{'' if count == 1 else 's'}",
        detail=join_details([f"{row.requested_at:%Y-%m-%d}", row.person, row.reason]),
        url=reverse("deactivations:batch", args=[row.workspace.slug, row.uid]),
        icon="hand-raised",
    )


def describe_cleanup(row: Cleanup) -> Hit:
    return Hit(
        kind="Clean-up",
        label="Deletion of checkpoints" if row.is_deletion else "Expiry of checkpoints",
        detail=join_details([f"{row.requested_at:%Y-%m-%d}", row.person, row.reason]),
        url=row.get_absolute_url(),
        icon="trash",
    )


def find_by_number(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """An audit event, as in #12."""
    if numbered := NUMBER.fullmatch(typed):
        events = Event.objects.filter(workspace=request.workspace.slug)
        yield from map(describe_event, events.filter(sequence=int(numbered["number"])))


def describe_event(event: Event) -> Hit:
    return Hit(
        kind="Audit event",
        label=f"#{event.sequence}",
        detail=f"{event.action} {event.outcome}",
        url=reverse("dashboard:event", args=[event.workspace, event.sequence]),
        icon="clipboard-document-list",
        names=frozenset({f"#{event.sequence}"}),
    )
