"""Refusals leave a trace too: what a member tried that their role does not allow.

Only members are told of: to an outsider a workspace is not there, and so neither is its trail.
A site that is read-only refuses everybody, which tells nothing about anyone. Sixty a minute of one
person are told; a trail must not grow as fast as somebody can click.
"""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts import rate_limits
from loopsweb.accounts.authorization.roles import ROLE_PERMISSIONS, Permission, denial
from loopsweb.accounts.models import Team
from loopsweb.accounts.teams.audit import tell_team
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, actor, record

LONGEST_PATH = 300


def refuse(
    request: HttpRequest, permission: Permission, *, by: Actor | None = None
) -> PermissionDenied:
    """What to raise for a member of request.workspace or request.team; the attempt is recorded.

    by: who asks in which workspace, where the request does not say.
    """
    by = by or actor(request)
    reason = denial(by["role"], permission)
    whose = f"{by['workspace']} {by['person']}"
    if permission not in ROLE_PERMISSIONS[by["role"]] and rate_limits.within(
        request, "denied", key=whose
    ):
        _tell(request, permission, by=by, reason=reason)
    return PermissionDenied(reason)


def _tell(request: HttpRequest, permission: Permission, *, by: Actor, reason: str) -> None:
    answer = {"method": request.method, "path": request.path[:LONGEST_PATH]}
    team: Team | None = getattr(request, "team", None)
    if team is not None:
        tell_team(
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
    noun = getattr(match.kwargs.get("kind"), "noun", match.namespace.removesuffix("s"))
    record(
        **by,
        action=f"{noun}.{permission.removesuffix('_key')}",
        outcome=Outcome.DENIED,
        target_noun=noun,
        target_id=str(match.kwargs.get("remote_id") or match.kwargs.get("uid") or ""),
        reason=reason,
        answer=answer,
        now=timezone.now(),
    )
