"""Finds rows of the snapshot, and requests to end them, by id, name, owner, model or reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.targets import KINDS, explain_shared_end
from loopsweb.resources.nouns import NOUNS, Noun, find_noun
from loopsweb.resources.runs.models import Run
from loopsweb.resources.search_indexes import can_search_all, get_newest_field
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.search.hits import Hit, join_details
from loopsweb.ui.filters import build_order
from loopsweb.ui.navigation import WORKSPACE_PAGES
from loopsweb.ui.search import match_words

MOST = 6  # rows of one noun
MOST_SCANNED = 10_000  # where no index finds parts of words
ENDING_WORDS = {"deactivate", "stop", "end", "terminate", "kill"}
PAGES_OF_ROWS = {
    "logs": {"deployments": "logs-deployments", "samplers": "logs-samplers"},
    "metrics": {"deployments": "metrics-deployments"},
    "files": {"checkpoints": "checkpoints:files"},
    "lineage": {"runs": "run-lineage"},
}  # {word: {plural of the noun: name of the URL}}
ICONS = {entry.url_name.partition(":")[0]: entry.icon for entry in WORKSPACE_PAGES}


@dataclass(frozen=True)
class Scope:
    """bound: how many of the newest rows are searched, None for all."""

    typed: str
    bound: int | None

    @classmethod
    def of(cls, typed: str) -> Scope:
        return cls(typed, None if can_search_all(typed.split()) else MOST_SCANNED)

    def find(self, rows: QuerySet[Any], *, most: int = MOST) -> list[Any]:
        """The newest rows in which every word is. Ids are read first: on SQLite from an index."""
        newest = rows.order_by(build_order(rows.model, get_newest_field(rows.model)), "-pk")
        searched = newest
        if self.bound:
            searched = newest.filter(pk__in=newest.values("pk")[: self.bound])
        found = searched.filter(match_words(self.typed, "search_text"))
        pks = list(found.values_list("pk", flat=True)[:most])
        return list(newest.filter(pk__in=pks)) if pks else []


def find_rows(request: WorkspaceRequest, scope: Scope) -> Iterator[Hit]:
    """Rows whose id was typed come first, whatever their age."""
    for noun in NOUNS.values():
        rows = noun.model._default_manager.filter(workspace=request.workspace).defer("raw")
        named = list(rows.filter(remote_id=scope.typed))
        pks = {row.pk for row in named}
        found = scope.find(rows, most=MOST + 1)
        for row in (*named, *(row for row in found[:MOST] if row.pk not in pks)):
            yield describe_row(request, row)
        if len(found) > MOST:
            yield offer_list(request, noun, scope.typed)
        for row in named:
            yield from offer_ending(request, row)


def offer_list(request: WorkspaceRequest, noun: Noun, typed: str) -> Hit:
    url = reverse(f"{noun.slug}:list", args=[request.workspace.slug])
    return Hit(
        kind="List",
        label=f"All {noun.slug} with “{typed}”",
        url=f"{url}?{urlencode({'q': typed})}",
        icon=ICONS[noun.slug],
    )


def describe_row(request: WorkspaceRequest, row: Snapshot) -> Hit:
    noun = find_noun(row)
    fields = ("name", "target", row.status_field, "base_model", "owner_email", "run_remote_id")
    values = [str(getattr(row, name, "")) for name in fields]
    return Hit(
        kind=noun.singular.capitalize(),
        label=row.remote_id,
        detail=join_details(dict.fromkeys(value for value in values if value != row.remote_id)),
        url=reverse(f"{noun.slug}:detail", args=[request.workspace.slug, row.remote_id]),
        icon=ICONS[noun.slug],
        names=frozenset({row.remote_id, values[0]} - {""}),
        is_id=True,
    )


def find_endings(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """For "deactivate dep_x" the form that ends it, of whatever `dep_x` finds."""
    verb, _, rest = typed.partition(" ")
    if verb.lower() not in ENDING_WORDS or Permission.DEACTIVATE not in request.permissions:
        return
    scope = Scope.of(rest.strip())
    for kind in KINDS.values():
        rows = kind.model._default_manager.filter(workspace=request.workspace)
        going_on = rows.exclude(status__in=kind.vocabulary.terminal)
        for row in scope.find(going_on.defer("raw")):
            yield from offer_ending(request, row)


def find_pages_of_rows(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """For "logs dep_x" the logs of whatever `dep_x` finds."""
    word, _, rest = typed.partition(" ")
    scope = Scope.of(rest.strip())
    for slug, url_name in PAGES_OF_ROWS.get(word.lower(), {}).items():
        rows = NOUNS[slug].model._default_manager.filter(workspace=request.workspace)
        for row in scope.find(rows.defer("raw")):
            yield Hit(
                kind="Page",
                label=f"{word.capitalize()} of {row.remote_id}",
                url=reverse(url_name, args=[request.workspace.slug, row.remote_id]),
                icon=ICONS[slug],
                is_id=True,
            )


def offer_ending(request: WorkspaceRequest, row: Snapshot) -> Iterator[Hit]:
    kind = KINDS.get(row.noun)
    if kind is None or row.is_terminal or Permission.DEACTIVATE not in request.permissions:
        return
    if (isinstance(row, Run) and row.deployment_remote_id) or explain_shared_end(cast("Any", row)):
        return  # it ends with another
    yield Hit(
        kind="Action",
        label=f"Deactivate {row.remote_id}",
        detail="opens what ends and what stays; nothing is sent yet",
        url=reverse("deactivations:new", args=[request.workspace.slug, kind, row.remote_id]),
        icon="hand-raised",
        is_id=True,
    )


def find_requests(request: WorkspaceRequest, scope: Scope) -> Iterator[Hit]:
    requests = Deactivation.objects.filter(workspace=request.workspace)
    for row in scope.find(requests.select_related("workspace"), most=3):
        yield describe_request(row)


def describe_request(row: Deactivation) -> Hit:
    day = f"{row.requested_at:%Y-%m-%d}"
    return Hit(
        kind="Deactivation",
        label=row.target_remote_id,
        detail=join_details([row.get_state_display(), row.person, day]),
        url=row.get_absolute_url(),
        icon=ICONS["deactivations"],
        names=frozenset({str(row.incident)}),
        is_id=True,
    )
