"""The one page of a team, with every form on it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.auth.email import email_is_sent
from loopsweb.accounts.authorization.decorators import TeamRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.invitations.forms import Invite
from loopsweb.accounts.teams.forms import AddMember, ChangeRole, NameForm
from loopsweb.ui.pages import render_page

CREATED, CONFLICT, UNPROCESSABLE, TOO_MANY = 201, 409, 422, 429
FACTORS = ("totp", "webauthn")
TEAM_ID, WORKSPACE_ID, INVITE_ID = "id_team_%s", "id_workspace_%s", "id_invite_%s"


def team_page(request: TeamRequest, *, status: int = 200, **shown: Any) -> HttpResponse:
    """shown: a form that was sent and refused stands in for its empty one; `problem` says why."""
    members = request.team.memberships.select_related("user")
    may_manage = Permission.MANAGE_TEAM in request.permissions
    context: dict[str, Any] = {
        "team": request.team,
        "members": [(member, ChangeRole(initial={"role": member.role})) for member in members],
        "without_second_factor": members.exclude(user__authenticator__type__in=FACTORS).count()
        if may_manage
        else 0,
        "invitations": request.team.invitations.open(timezone.now()) if may_manage else [],
        "workspaces": request.team.workspaces.all(),
        "may_manage": may_manage,
        "email_is_sent": email_is_sent(),
        "rename": NameForm(initial={"name": request.team.name}, auto_id=TEAM_ID),
        "add_workspace": NameForm(auto_id=WORKSPACE_ID),
        "add_member": AddMember(),
        "invite": Invite(auto_id=INVITE_ID),
        **shown,
    }
    return render_page(request, "accounts/team.html", context, status=status)
