"""Checkpoints: by run, by base model or by bt:// URI, one of these at a time like in the API."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import Q
from django.http.response import HttpResponseBase

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.models import Removal
from loopsweb.resources.lists.queries import register_list
from loopsweb.resources.pages.detail_page import render_detail_page
from loopsweb.resources.pages.filters import BASE_MODEL, STILL_LISTED, UNREPORTED
from loopsweb.resources.pages.list_page import csv_columns, render_list_page
from loopsweb.resources.runs.models import Run
from loopsweb.ui.filters import NO_ROWS, Filter, ListSpec
from loopsweb.ui.url_text import clean_text

ONE_OF = {"run_id": "run", "base_model": "base model", "checkpoint_path": "bt:// URI"}


def explain_uri(uri: str) -> str:
    """Why it is refused, or ""."""
    try:
        if uri:
            CheckpointURI.parse(uri)
    except ValueError as error:
        return str(error)
    return ""


def match_uri(uri: str) -> Q:
    try:
        parsed = CheckpointURI.parse(uri)
    except ValueError:
        return NO_ROWS
    return Q(run_remote_id=parsed.run_id, target=parsed.target, name=parsed.name)


SPEC = ListSpec(
    searched="name, ID, run",
    apart=UNREPORTED,
    most_counted=None,
    filters=(
        Filter("target", "Target", field="target"),
        Filter("sync", "Sync", field="sync_status"),
        BASE_MODEL,
        Filter("run_id", "Run ID", field="run_remote_id", is_typed=True),
        Filter("checkpoint_path", "bt:// URI", where=match_uri, explain=explain_uri),
        STILL_LISTED,
    ),
    sorts={
        "name": "name",
        "target": "target",
        "sync": "sync_status",
        "base_model": "base_model",
        "type": "checkpoint_type",
        "run": "run_remote_id",
        "size": "size_bytes",
        "created": "created_at",
        "expires": "expires_at",
    },
    default_sort="-created",
)
register_list("checkpoints", SPEC)
COLUMNS = csv_columns(
    "target uri run_remote_id base_model checkpoint_type lora_adapter_config sync_status "
    "size_bytes created_at expires_at missing_since omitted_fields",
    id="remote_id",
    checkpoint_name="name",
)
OPTIONAL = {
    "sync": ["sync_status"],
    "target": ["target"],
    "type": ["checkpoint_type"],
    "run": ["run_remote_id"],
    "uri": ["uri"],
    "base_model": ["base_model"],
    "adapter": ["lora_adapter_config"],
    "size": ["size_bytes"],
    "created": ["created_at"],
    "expires": ["expires_at"],
}


def explain_conflict(request: WorkspaceRequest) -> str:
    """Return the reason why the API does not accept these filters together, or ""."""
    given = [words for name, words in ONE_OF.items() if clean_text(request.GET.get(name))]
    if len(given) > 1:
        return (
            f"You filtered by {' and by '.join(given)}. The API finds checkpoints by only one of "
            "run, base model and bt:// URI. Clear all but one, or clear all to see every one."
        )
    return ""


@require(Permission.VIEW)
def list_checkpoints(request: WorkspaceRequest) -> HttpResponseBase:
    problem, uri = explain_conflict(request), clean_text(request.GET.get("checkpoint_path"))
    # htmx keeps an element by its id only if that needs no escaping.
    context = {"uri_to_ask": uri, "uri_digest": hashlib.sha256(uri.encode()).hexdigest()[:16]}
    return render_list_page(
        request,
        Checkpoint,
        SPEC,
        columns=COLUMNS,
        optional=OPTIONAL,
        context=context,
        problem=problem,
    )


@require(Permission.VIEW)
def show_checkpoint(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    def context(row: Checkpoint) -> dict[str, Any]:
        checkpoints = Checkpoint.objects.in_workspace(request.workspace)
        runs = Run.objects.in_workspace(request.workspace)
        namesakes = checkpoints.filter(run_remote_id=row.run_remote_id, name=row.name)
        run = runs.filter(remote_id=row.run_remote_id).first()
        removals = Removal.objects.filter(workspace=request.workspace, remote_id=row.remote_id)
        return {
            "run": run,
            "namesakes": namesakes.exclude(pk=row.pk),
            "removal": removals.select_related("cleanup__workspace").order_by("-pk").first(),
        }

    shown = Checkpoint.objects.in_workspace(request.workspace).filter(remote_id=remote_id)
    runs = Run.objects.in_workspace(request.workspace)
    runs = runs.filter(remote_id__in=shown.values("run_remote_id"))
    return render_detail_page(request, Checkpoint, remote_id, context, shows=("runs",), runs=runs)
