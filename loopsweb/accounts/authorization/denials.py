"""Audit events for attempts that a member's role does not allow.

Nothing is recorded for people outside the team, nor because of read-only mode, which denies
everybody, nor for opening a page, which other sites can make a browser do. Each person is limited
to 60 events a minute in a workspace, so that clicking cannot flood the audit trail.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.auth.reauthentication import SAFE_METHODS
from loopsweb.accounts.authorization.roles import ROLE_PERMISSIONS, Permission, explain_denial
from loopsweb.accounts.models import Team
from loopsweb.accounts.rate_limits import consume_rate_limit
from loopsweb.accounts.teams.audit import record_team_event
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, actor_of_request, record_event

MAX_PATH_LENGTH = 300


def record_denial(
    request: HttpRequest, permission: Permission, *, noun: str = "", by: Actor | None = None
) -> PermissionDenied:
    """Record an attempt to change something, and return the exception to raise.

    noun: of what the attempt was about, unless the URL has its `kind`.
    by: the member and their workspace, if the request has neither `workspace` nor `team`.
    """
    by = by or actor_of_request(request)
    reason = explain_denial(by["role"], permission)
    if permission not in ROLE_PERMISSIONS[by["role"]] and request.method not in SAFE_METHODS:
        limited_by = f"{by['workspace']} {by['person']}"
        if consume_rate_limit(request, "record_denial", key=limited_by):
            _record(request, permission, noun=noun, by=by, reason=reason)
    return PermissionDenied(reason)


def _record(
    request: HttpRequest, permission: Permission, *, noun: str, by: Actor, reason: str
) -> None:
    answer = {"method": request.method, "path": request.path[:MAX_PATH_LENGTH]}
    team: Team | None = getattr(request, "team", None)
    if team is not None:
        record_team_event(
            team,
            f"team.{permission.removesuffix('_team')}",
            target=("team", team.name),
            outcome=Outcome.DENIED,
            reason=reason,
            answer=answer,
            by=by,
            now=timezone.now(),
        )
        return
    match = request.resolver_match
    assert match is not None  # noqa: S101  (a view is running)
    noun = getattr(match.kwargs.get("kind"), "noun", noun)
    record_event(
        **by,
        action=f"{noun}.{permission.removesuffix('_key')}",
        outcome=Outcome.DENIED,
        target_noun=noun,
        target_id=str(match.kwargs.get("remote_id") or match.kwargs.get("uid") or ""),
        reason=reason,
        answer=answer,
        now=timezone.now(),
    )
