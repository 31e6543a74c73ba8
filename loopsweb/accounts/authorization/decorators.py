"""Decorators by which a view names the permission it requires. A view without one is refused.

Whatever is submitted needs a recent confirmation too, unless it only reads, or the view is
`without_reauthentication`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from loopsweb.accounts.auth.mfa import require_mfa
from loopsweb.accounts.auth.reauthentication import ask_to_confirm
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.last_visited import set_last_visited
from loopsweb.accounts.authorization.roles import (
    READ_PERMISSIONS,
    ROLE_PERMISSIONS,
    Permission,
    permissions_of,
)
from loopsweb.accounts.authorization.workspace_access import WorkspaceAccess, find_access
from loopsweb.accounts.models import Team, User, Workspace

# In place of a permission, for views outside of a workspace or a team.
SIGNED_IN, PUBLIC, ACCESS_TOKEN = "signed in", "public", "access token"
SIGNED_LINK = "signed link"


class SignedInRequest(HttpRequest):
    """A request that `signed_in` let through."""

    user: User


class WorkspaceRequest(SignedInRequest):
    """A request that `require` let through. access: None of a session that Django had to judge."""

    access: WorkspaceAccess | None
    workspace: Workspace
    role: str
    permissions: frozenset[Permission]


class TeamRequest(SignedInRequest):
    """A request that `require_team_permission` let through."""

    team: Team
    role: str
    permissions: frozenset[Permission]


P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
Response = HttpResponseBase
WorkspaceView = Callable[Concatenate[WorkspaceRequest, P], Response]
TeamView = Callable[Concatenate[TeamRequest, P], Response]
SignedInView = Callable[Concatenate[SignedInRequest, P], Response]
View = Callable[Concatenate[HttpRequest, P], Response]


def require(
    permission: Permission, *, noun: str = ""
) -> Callable[[WorkspaceView[P]], Callable[Concatenate[HttpRequest, str, P], Response]]:
    """For views under /w/<workspace>/. The view receives the request with its `workspace`.

    Raises Http404 for people outside the workspace's team, so that they cannot find out that it
    exists, and PermissionDenied (403) for members whose role lacks `permission`. The denial is
    recorded for the `noun`; views that take a `kind` need none.
    """
    only_reads = permission in READ_PERMISSIONS  # also by POST: exports, links to files

    def decorate(view: WorkspaceView[P]) -> Callable[Concatenate[HttpRequest, str, P], Response]:
        @login_required
        def guarded(
            request: WorkspaceRequest, workspace: str, *args: P.args, **kwargs: P.kwargs
        ) -> Response:
            attach_workspace(request, request.access or find_access(request.session, workspace))
            if permission not in request.permissions:
                raise denials.record_denial(request, permission, noun=noun)
            if only_reads:
                return view(request, *args, **kwargs)
            return confirm_or_call(view, request, *args, **kwargs)

        @wraps(view)
        def identify(
            request: HttpRequest, workspace: str, *args: P.args, **kwargs: P.kwargs
        ) -> Response:
            identified = cast("WorkspaceRequest", request)
            identified.access = find_access(request.session, workspace)
            if identified.access is not None:
                identified.user = identified.access.person
            return guarded(identified, workspace, *args, **kwargs)

        identify.permission = permission  # type: ignore[attr-defined]
        identify.only_reads = only_reads  # type: ignore[attr-defined]
        return identify  # type: ignore[return-value]

    return decorate


def attach_workspace(request: WorkspaceRequest, access: WorkspaceAccess | None) -> None:
    """Raises Http404 for people outside the workspace's team."""
    if access is None:
        raise Http404("No such workspace.")
    require_mfa(request, request.user, access.workspace.team)
    set_last_visited(request, access.workspace.slug)
    request.workspace = access.workspace
    request.role = access.role
    request.permissions = permissions_of(access.role)


def require_team_permission(
    permission: Permission,
) -> Callable[[TeamView[P]], Callable[Concatenate[HttpRequest, int, P], Response]]:
    """For views under /teams/<team>/. The view receives the request with its `team`.

    Raises Http404 for people outside the team, PermissionDenied as `require` does.
    """

    def decorate(view: TeamView[P]) -> Callable[Concatenate[HttpRequest, int, P], Response]:
        @login_required
        @wraps(view)
        def guarded(request: TeamRequest, team: int, *args: P.args, **kwargs: P.kwargs) -> Response:
            attach_team(request, team)
            if permission not in request.permissions:
                raise denials.record_denial(request, permission)
            return confirm_or_call(view, request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def attach_team(request: TeamRequest, pk: int) -> None:
    """Raises Http404 for people outside the team."""
    own = Team.objects.filter(pk=pk, memberships__user_id=request.user.pk)
    team = own.annotate(role=F("memberships__role")).first()
    if team is None:
        raise Http404("No such team.")
    require_mfa(request, request.user, team)
    request.team, request.role = team, team.role
    request.permissions = ROLE_PERMISSIONS[team.role]


def signed_in(view: SignedInView[P]) -> View[P]:
    """For pages that belong to a person, not to a workspace."""

    @login_required
    @wraps(view)
    def guarded(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> Response:
        return confirm_or_call(view, request, *args, **kwargs)

    guarded.permission = SIGNED_IN  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def public(view: View[P]) -> View[P]:
    """For pages that need no sign-in. tests/test_permissions.py lists each of them."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def signed_link(view: View[P]) -> View[P]:
    """For what a link opens that we signed. The view checks the link; it ignores cookies."""
    view.permission = SIGNED_LINK  # type: ignore[attr-defined]
    return view


def confirm_or_call(
    view: Callable[Concatenate[R, P], Response], request: R, *args: P.args, **kwargs: P.kwargs
) -> Response:
    confirmation = None if hasattr(view, "unconfirmed") else ask_to_confirm(request)
    return confirmation or view(request, *args, **kwargs)
