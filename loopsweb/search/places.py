"""Pages and actions that can be searched for. An action opens its form; it does nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import reverse

from loopsweb.accounts.authorization.decorators import SignedInRequest, WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.models import Workspace
from loopsweb.search.hits import Hit, matches
from loopsweb.ui.navigation import WORKSPACE_PAGES


class Place(NamedTuple):
    """words: by which it is found beside its label."""

    url_name: str
    label: str
    icon: str
    words: str = ""
    permission: Permission = Permission.VIEW


SITE = (
    Place("keys:list", "API keys", "key", "secrets"),
    Place("teams:list", "Teams", "user-group", "members roles invitations workspaces"),
    Place("teams:create", "New team", "plus"),
    Place("tokens:list", "Access tokens", "command-line", "api scripts"),
    Place("sessions_of_person", "Signed-in devices", "computer-desktop", "browsers sessions"),
    Place("account_change_password", "Change password", "lock-closed"),
    Place("mfa_index", "Two-factor authentication", "shield-check", "second factor passkeys codes"),
    Place("help-statuses", "What statuses mean", "question-mark-circle", "help"),
    Place("help-idleness", "How idleness and cost are worked out", "question-mark-circle", "help"),
)
IN_WORKSPACE = (
    Place("checkpoints:storage", "Storage of checkpoints", "circle-stack", "size growth cost"),
    Place(
        "cleanups:plan",
        "Plan a clean-up",
        "trash",
        "delete keep which checkpoints cleanup free storage retention expiry",
    ),
    Place("rates", "Rates", "banknotes", "prices cost usd hour gpu", Permission.MANAGE_TEAM),
    Place("runs-compare", "Compare runs", "scale", "differences"),
    Place("checkpoints-compare", "Compare checkpoints", "scale", "differences"),
    Place("checkpoints:validate", "Validate a URI", "check-badge", "checkpoint sampler bt load"),
    Place("runs:create", "New run", "plus", "create", Permission.CREATE),
    Place("samplers:create", "New sampler", "plus", "create", Permission.CREATE),
    Place("sessions:create", "New session", "plus", "create", Permission.CREATE),
)
OF_TEAM = (
    Place("teams:detail", "Team", "user-group", "members roles invitations"),
    Place("policy:edit", "Policy", "scale", "deactivation approval rules", Permission.MANAGE_TEAM),
    Place("team_tokens:list", "Tokens of the team", "command-line", "", Permission.MANAGE_TEAM),
    Place(
        "teams:sessions",
        "Signed-in devices of members",
        "computer-desktop",
        "sessions",
        Permission.MANAGE_TEAM,
    ),
)


def find_places(request: SignedInRequest, typed: str) -> Iterator[Hit]:
    for place in SITE:
        yield from match_place(place, reverse(place.url_name), typed)
    if request.user.is_staff:
        yield from match_place(Place("", "Admin", "wrench"), reverse("admin:index"), typed)
    own = Workspace.objects.filter(team__memberships__user_id=request.user.pk)
    for workspace in own:
        if matches(workspace.name, typed):
            yield Hit(
                kind="Workspace",
                label=workspace.name,
                url=workspace.get_absolute_url(),
                icon="squares-2x2",
                names=frozenset({workspace.name, workspace.slug}),
            )


def find_places_of_workspace(request: WorkspaceRequest, typed: str) -> Iterator[Hit]:
    workspace = request.workspace
    pages = [Place(*entry[:3]) for entry in WORKSPACE_PAGES]
    for places, argument in (
        ((*pages, *IN_WORKSPACE), workspace.slug),
        (OF_TEAM, workspace.team_id),
    ):
        for place in places:
            if place.permission in request.permissions:
                url = reverse(place.url_name, args=[argument])
                yield from match_place(place, url, typed)


def match_place(place: Place, url: str, typed: str) -> Iterator[Hit]:
    if matches(f"{place.label} {place.words}", typed):
        kind = "Action" if place.label.startswith("New ") else "Page"
        names = frozenset({place.label})
        yield Hit(kind=kind, label=place.label, url=url, icon=place.icon, names=names)
