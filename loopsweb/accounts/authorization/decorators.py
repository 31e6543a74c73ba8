"""Who may do what. A view says which permission it needs; a view that says nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.roles import (
    READ_ONLY,
    ROLE_PERMISSIONS,
    Permission,
    denial,
    permissions_of,
    roles_with,
)
from loopsweb.accounts.models import Team, User, Workspace

__all__ = ["READ_ONLY", "ROLE_PERMISSIONS", "Permission", "denial", "permissions_of", "roles_with"]

# What others than the pages of a workspace name instead.
SIGNED_IN, PUBLIC, ACCESS_TOKEN = "signed in", "public", "access token"


class SignedInRequest(HttpRequest):
    """A request that `signed_in` let through."""

    user: User


class WorkspaceRequest(SignedInRequest):
    """A request that `require` let through."""

    workspace: Workspace
    role: str
    permissions: frozenset[Permission]


class TeamRequest(SignedInRequest):
    """A request that `require_in_team` let through."""

    team: Team
    role: str
    permissions: frozenset[Permission]


P = ParamSpec("P")
Response = HttpResponseBase
WorkspaceView = Callable[Concatenate[WorkspaceRequest, P], Response]
TeamView = Callable[Concatenate[TeamRequest, P], Response]
SignedInView = Callable[Concatenate[SignedInRequest, P], Response]
View = Callable[Concatenate[HttpRequest, P], Response]


def require(
    permission: Permission,
) -> Callable[[WorkspaceView[P]], Callable[Concatenate[HttpRequest, str, P], Response]]:
    """For views under /w/<workspace>/. The view receives the request with its `workspace`.

    Raises Http404 for someone who is not of the workspace's team: that it exists is theirs to know.
    Raises PermissionDenied (403) for a member whose role does not hold `permission`.
    """

    def decorate(
        view: WorkspaceView[P],
    ) -> Callable[Concatenate[HttpRequest, str, P], Response]:
        @login_required
        @wraps(view)
        def guarded(
            request: WorkspaceRequest, workspace: str, *args: P.args, **kwargs: P.kwargs
        ) -> Response:
            enter(request, workspace)
            if permission not in request.permissions:
                raise denials.refuse(request, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def enter(request: WorkspaceRequest, slug: str) -> None:
    workspace = (
        Workspace.objects.filter(slug=slug, team__memberships__user_id=request.user.pk)
        .select_related("team")
        .annotate(role=F("team__memberships__role"))
        .first()
    )
    if workspace is None:
        raise Http404("No such workspace.")
    mfa.demand(request, request.user, workspace.team)
    request.workspace = workspace
    request.role = workspace.role
    request.permissions = permissions_of(workspace.role)


def require_in_team(
    permission: Permission,
) -> Callable[[TeamView[P]], Callable[Concatenate[HttpRequest, int, P], Response]]:
    """For views under /teams/<team>/. The view receives the request with its `team`.

    Raises Http404 for someone who is not of the team, PermissionDenied as `require` does.
    """

    def decorate(view: TeamView[P]) -> Callable[Concatenate[HttpRequest, int, P], Response]:
        @login_required
        @wraps(view)
        def guarded(request: TeamRequest, team: int, *args: P.args, **kwargs: P.kwargs) -> Response:
            mine = Team.objects.filter(pk=team, memberships__user_id=request.user.pk)
            found = mine.annotate(role=F("memberships__role")).first()
            if found is None:
                raise Http404("No such team.")
            mfa.demand(request, request.user, found)
            request.team, request.role = found, found.role
            request.permissions = ROLE_PERMISSIONS[found.role]
            if permission not in request.permissions:
                raise denials.refuse(request, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def signed_in(view: SignedInView[P]) -> View[P]:
    """For pages that belong to a person, not to a workspace."""
    guarded = login_required(view)
    guarded.permission = SIGNED_IN  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def public(view: View[P]) -> View[P]:
    """For the few pages anyone may open. Each is listed in tests/test_permissions.py."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view
