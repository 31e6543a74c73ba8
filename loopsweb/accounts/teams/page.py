"""The page of a team, which holds all of its forms."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.auth.email_settings import can_mail_links
from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.authorization.decorators import TeamRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.teams.forms import ChangeRoleForm, MemberForm, NameForm
from loopsweb.ui.pages import render_page

MFA_TYPES = ("totp", "webauthn")
TEAM_ID, WORKSPACE_ID, INVITE_ID = "id_team_%s", "id_workspace_%s", "id_invite_%s"


def render_team_page(
    request: TeamRequest, *, status: int = HTTPStatus.OK, **extra: Any
) -> HttpResponse:
    """extra: template variables, such as an invalid form in place of an empty one, or `problem`, an
    error message."""
    members = request.team.memberships.select_related("user")
    without_mfa = members.exclude(user__authenticator__type__in=MFA_TYPES)
    may_manage = Permission.MANAGE_TEAM in request.permissions
    context: dict[str, Any] = {
        "team": request.team,
        "members": [(member, ChangeRoleForm(initial={"role": member.role})) for member in members],
        "without_mfa": may_manage and without_mfa.count(),
        "invitations": request.team.invitations.open(timezone.now()) if may_manage else [],
        "workspaces": request.team.workspaces.all(),
        "may_manage": may_manage,
        "can_mail_links": can_mail_links(request),
        "rename": NameForm(
            initial={"name": request.team.name, **find_typed(request, "rename")}, auto_id=TEAM_ID
        ),
        "add_workspace": NameForm(
            initial=find_typed(request, "add_workspace"), auto_id=WORKSPACE_ID
        ),
        "add_member": MemberForm(initial=find_typed(request, "add_member")),
        "invite": MemberForm(initial=find_typed(request, "invite"), auto_id=INVITE_ID),
        **extra,
    }
    return render_page(request, "accounts/team.html", context, status=status)


def find_typed(request: TeamRequest, form: str) -> dict[str, str]:
    """What was typed into one of the forms before, by the name of its URL."""
    return find_kept_text(request, action=reverse(f"teams:{form}", args=[request.team.pk]))
