"""Pages of teams: their members, roles and workspaces."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    require_team_permission,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.invitations import delivery
from loopsweb.accounts.models import Invitation, Membership
from loopsweb.accounts.rate_limits import TooManyAttempts, enforce_rate_limit
from loopsweb.accounts.teams import actions
from loopsweb.accounts.teams.admission import can_add_directly
from loopsweb.accounts.teams.forms import ChangeRoleForm, MemberForm, NameForm
from loopsweb.accounts.teams.page import TEAM_ID, WORKSPACE_ID, render_team_page
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.pages import render_page


@signed_in
def list_teams(request: SignedInRequest) -> HttpResponse:
    memberships = (
        Membership.objects.filter(user=request.user)
        .select_related("team")
        .prefetch_related("team__workspaces")
        .order_by("team__name", "pk")
    )
    offers = Invitation.objects.open_for(request.user, now=timezone.now())
    context = {"memberships": memberships, "offers": offers}
    return render_page(request, "accounts/teams.html", context)


@signed_in
def create_team(request: SignedInRequest) -> HttpResponse:
    form = NameForm(request.POST or None)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    if form.is_valid():
        try:
            enforce_rate_limit(request, "create_team")
        except TooManyAttempts as error:
            form.add_error("name", str(error))
            status = HTTPStatus.TOO_MANY_REQUESTS
        else:
            name, by = form.cleaned_data["name"], actor_of_request(request)
            team = actions.create_team(name=name, founder=request.user, by=by, now=timezone.now())
            messages.success(request, f"Team “{name}” created, with a workspace of the same name.")
            return redirect("teams:detail", team.pk)
    return render_page(request, "accounts/new_team.html", {"form": form}, status=status)


@require_team_permission(Permission.VIEW)
def show_team(request: TeamRequest) -> HttpResponse:
    return render_team_page(request)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def rename_team(request: TeamRequest) -> HttpResponse:
    form = NameForm(request.POST, auto_id=TEAM_ID)
    if not form.is_valid():
        return render_team_page(request, status=HTTPStatus.UNPROCESSABLE_ENTITY, rename=form)
    name, by = form.cleaned_data["name"], actor_of_request(request)
    actions.rename_team(team=request.team, name=name, by=by, now=timezone.now())
    return redirect("teams:detail", request.team.pk)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def set_mfa_policy(request: TeamRequest) -> HttpResponse:
    required = request.POST.get("second_factor_required") == "on"
    team, by, now = request.team, actor_of_request(request), timezone.now()
    try:
        actions.set_mfa_requirement(
            team=team, required=required, person=request.user, by=by, now=now
        )
    except actions.MFANotSetUp as error:
        return render_team_page(request, status=HTTPStatus.CONFLICT, problem=str(error))
    messages.success(request, "Saved.")
    return redirect("teams:detail", request.team.pk)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def add_workspace(request: TeamRequest) -> HttpResponse:
    form, status = NameForm(request.POST, auto_id=WORKSPACE_ID), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        try:
            enforce_rate_limit(request, "create_team")
        except TooManyAttempts as error:
            form.add_error("name", str(error))
            status = HTTPStatus.TOO_MANY_REQUESTS
        else:
            name, by = form.cleaned_data["name"], actor_of_request(request)
            actions.add_workspace(team=request.team, name=name, by=by, now=timezone.now())
            messages.success(request, f"Workspace “{name}” created. Add an API key to fill it.")
            return redirect("teams:detail", request.team.pk)
    return render_team_page(request, status=status, add_workspace=form)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def add_member(request: TeamRequest) -> HttpResponse:
    """People whom the admin may not add directly are invited, even if they have an account."""
    form, status = MemberForm(request.POST), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        email, by = form.cleaned_data["email"], actor_of_request(request)
        try:
            if not can_add_directly(email, admin=request.user):
                return delivery.send_invitation(request, **form.cleaned_data)
            membership = actions.add_member(
                **form.cleaned_data, team=request.team, by=by, now=timezone.now()
            )
        except actions.TeamError as error:
            form.add_error("email", str(error))
        except TooManyAttempts as error:
            form.add_error("email", str(error))
            status = HTTPStatus.TOO_MANY_REQUESTS
        else:
            messages.success(request, f"{membership.user.email} is now a member.")
            return redirect("teams:detail", request.team.pk)
    return render_team_page(request, status=status, add_member=form)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def change_role(request: TeamRequest, member: int) -> HttpResponse:
    membership = _get_membership(request, member)
    form = ChangeRoleForm(request.POST)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return render_team_page(request, status=status, problem="Choose one of the roles.")
    role, by = form.cleaned_data["role"], actor_of_request(request)
    try:
        actions.change_role(membership=membership, role=role, by=by, now=timezone.now())
    except actions.LastAdmin as error:
        return render_team_page(request, status=HTTPStatus.CONFLICT, problem=str(error))
    label = membership.get_role_display().lower()
    messages.success(request, f"The role of {membership.user.email} is now {label}.")
    return redirect("teams:detail", request.team.pk)


@require_team_permission(Permission.MANAGE_TEAM)
def remove_member(request: TeamRequest, member: int) -> HttpResponse:
    membership = _get_membership(request, member)
    if request.method != "POST":
        context = {"team": request.team, "member": membership}
        return render_page(request, "accounts/remove_member.html", context)
    by, now = actor_of_request(request), timezone.now()
    try:
        actions.remove_member(membership=membership, by=by, now=now)
    except actions.LastAdmin as error:
        return render_team_page(request, status=HTTPStatus.CONFLICT, problem=str(error))
    messages.success(request, f"{membership.user.email} is no longer a member.")
    if membership.user_id == request.user.pk:
        return redirect("teams:list")
    return redirect("teams:detail", request.team.pk)


@require_team_permission(Permission.VIEW)
@require_POST
def leave_team(request: TeamRequest) -> HttpResponse:
    membership = request.team.memberships.select_related("user", "team").get(user=request.user)
    by = actor_of_request(request)
    try:
        actions.leave_team(membership=membership, by=by, now=timezone.now())
    except actions.LastAdmin as error:
        return render_team_page(request, status=HTTPStatus.CONFLICT, problem=str(error))
    messages.success(request, f"You left {request.team.name}.")
    return redirect("teams:list")


def _get_membership(request: TeamRequest, member: int) -> Membership:
    """Raises Http404."""
    memberships = request.team.memberships.select_related("user", "team")
    return get_object_or_404(memberships, pk=member)
