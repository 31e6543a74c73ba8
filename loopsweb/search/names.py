"""People and base models: each leads to the list of what is theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.models import Membership
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import SnapshotQuerySet
from loopsweb.search.hits import Hit, join_details, matches
from loopsweb.ui.filter_values import encode_value

MOST = 4
MOST_ROWS = 2000  # whose names are looked at; rows themselves are found by these names too
LISTS: dict[str, type[Any]] = {"deployments": Deployment, "runs": Run, "samplers": Sampler}
OWNER, MODEL = "owner", "base_model"


def find_names(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    """The first list that has rows of the person or model, deployments before all."""
    team = Membership.objects.filter(team_id=request.workspace.team_id)
    full_names = dict(team.values_list("user__email", "user__name"))
    lists: dict[tuple[str, str], str] = {}
    for slug, model in LISTS.items():
        for owner, base_model in list_names(model.objects.in_workspace(request.workspace)):
            lists.setdefault((OWNER, owner), slug)
            lists.setdefault((MODEL, base_model), slug)
    people = dict.fromkeys([*full_names, *(name for key, name in lists if key == OWNER)])
    found = [one for one in people if one and matches(f"{one} {full_names.get(one, '')}", typed)]
    for email in found[:MOST]:
        yield lead_to_list(request, OWNER, email, lists, full_names.get(email, ""))
    models = [name for key, name in lists if key == MODEL and name and matches(name, typed)]
    for name in models[:MOST]:
        yield lead_to_list(request, MODEL, name, lists)


def list_names(rows: SnapshotQuerySet[Any]) -> QuerySet[Any]:
    newest = rows.newest_first().values("pk")[:MOST_ROWS]
    named: QuerySet[Any] = rows.model.objects.filter(pk__in=newest).order_by()
    return named.values_list("owner_email", "base_model").distinct()


def lead_to_list(
    request: WorkspaceRequest,
    by: str,
    name: str,
    lists: dict[tuple[str, str], str],
    full_name: str = "",
) -> Hit:
    """To the page of the team for a member who owns nothing."""
    slug = lists.get((by, name), "")
    if slug:
        url = reverse(f"{slug}:list", args=[request.workspace.slug])
        url += "?" + urlencode({by: encode_value(name)})
    else:
        url = reverse("teams:detail", args=[request.workspace.team_id])
    is_person = by == OWNER
    return Hit(
        kind="Person" if is_person else "Base model",
        label=name,
        detail=join_details([full_name, slug or "member of the team"]),
        url=url,
        icon="user" if is_person else "cube",
        names=frozenset({name, full_name} - {""}),
    )
