"""Teams: who belongs to them, in which role, and which workspaces they have."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth.mfa import is_missing
from loopsweb.accounts.auth.reauthentication import confirmed, confirmed_to_send
from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    public,
    require_in_team,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.invitations import sending
from loopsweb.accounts.models import Invitation, Membership
from loopsweb.accounts.teams import actions, membership_rules
from loopsweb.accounts.teams.forms import AddMember, ChangeRole, NameForm
from loopsweb.accounts.teams.page import (
    CONFLICT,
    TEAM_ID,
    TOO_MANY,
    UNPROCESSABLE,
    WORKSPACE_ID,
    team_page,
)
from loopsweb.audit.record import actor
from loopsweb.ui.pages import render_page


@signed_in
def list_(request: SignedInRequest) -> HttpResponse:
    memberships = (
        Membership.objects.filter(user=request.user)
        .select_related("team")
        .prefetch_related("team__workspaces")
        .order_by("team__name", "pk")
    )
    offers = Invitation.objects.offered_to(request.user, now=timezone.now())
    context = {"memberships": memberships, "offers": offers}
    return render_page(request, "accounts/teams.html", context)


@signed_in
def create(request: SignedInRequest) -> HttpResponse:
    form = NameForm(request.POST or None)
    status = UNPROCESSABLE if form.errors else 200
    if form.is_valid():
        try:
            rate_limits.take(request, "found")
        except rate_limits.TooOften as error:
            form.add_error("name", str(error))
            status = TOO_MANY
        else:
            name, now = form.cleaned_data["name"], timezone.now()
            team = actions.found(name=name, founder=request.user, by=actor(request), now=now)
            messages.success(request, f"Team “{name}” is there, with a workspace of that name.")
            return redirect("teams:detail", team.pk)
    return render_page(request, "accounts/new_team.html", {"form": form}, status=status)


@require_in_team(Permission.VIEW)
def detail(request: TeamRequest) -> HttpResponse:
    return team_page(request)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
def rename(request: TeamRequest) -> HttpResponse:
    form = NameForm(request.POST, auto_id=TEAM_ID)
    if not form.is_valid():
        return team_page(request, status=UNPROCESSABLE, rename=form)
    actions.rename(
        team=request.team, name=form.cleaned_data["name"], by=actor(request), now=timezone.now()
    )
    return redirect("teams:detail", request.team.pk)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
@confirmed
def policy(request: TeamRequest) -> HttpResponse:
    required = request.POST.get("second_factor_required") == "on"
    try:
        actions.require_second_factor(
            team=request.team,
            required=required,
            person=request.user,
            by=actor(request),
            now=timezone.now(),
        )
    except actions.NoSecondFactor as error:
        return team_page(request, status=CONFLICT, problem=str(error))
    messages.success(request, "Saved.")
    return redirect("teams:detail", request.team.pk)


@signed_in
def second_factor(request: SignedInRequest) -> HttpResponse:
    """Where those are led whom a team demands a second factor of."""
    demanding = request.user.teams.filter(second_factor_required=True)
    teams = [team for team in demanding if is_missing(request.user, team)]
    return render_page(request, "accounts/second_factor.html", {"teams": teams})


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
def add_workspace(request: TeamRequest) -> HttpResponse:
    form = NameForm(request.POST, auto_id=WORKSPACE_ID)
    if not form.is_valid():
        return team_page(request, status=UNPROCESSABLE, add_workspace=form)
    try:
        rate_limits.take(request, "found")
    except rate_limits.TooOften as error:
        form.add_error("name", str(error))
        return team_page(request, status=TOO_MANY, add_workspace=form)
    workspace = actions.add_workspace(
        team=request.team, name=form.cleaned_data["name"], by=actor(request), now=timezone.now()
    )
    messages.success(request, f"Workspace “{workspace.name}” is there. Add a key to fill it.")
    return redirect("teams:detail", request.team.pk)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
@confirmed
def add_member(request: TeamRequest) -> HttpResponse:
    form, status = AddMember(request.POST), UNPROCESSABLE
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            if not membership_rules.is_given(email, admin=request.user):
                return sending.invite(request, **form.cleaned_data)
            membership = actions.add_member(
                **form.cleaned_data, team=request.team, by=actor(request), now=timezone.now()
            )
        except (actions.NoSuchPerson, actions.AlreadyMember) as error:
            form.add_error("email", str(error))
        except rate_limits.TooOften as error:
            form.add_error("email", str(error))
            status = TOO_MANY
        else:
            messages.success(request, f"{membership.user.email} is a member now.")
            return redirect("teams:detail", request.team.pk)
    return team_page(request, status=status, add_member=form)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
@confirmed
def change_role(request: TeamRequest, member: int) -> HttpResponse:
    membership = _member(request, member)
    form = ChangeRole(request.POST)
    if not form.is_valid():
        return team_page(request, status=UNPROCESSABLE, problem="Choose one of the roles.")
    role = form.cleaned_data["role"]
    try:
        actions.change_role(membership=membership, role=role, by=actor(request), now=timezone.now())
    except actions.LastAdmin as error:
        return team_page(request, status=CONFLICT, problem=str(error))
    label = membership.get_role_display().lower()
    messages.success(request, f"{membership.user.email} is {label} now.")
    return redirect("teams:detail", request.team.pk)


@require_in_team(Permission.MANAGE_TEAM)
@confirmed_to_send
def remove_member(request: TeamRequest, member: int) -> HttpResponse:
    membership = _member(request, member)
    if request.method != "POST":
        context = {"team": request.team, "member": membership}
        return render_page(request, "accounts/remove_member.html", context)
    try:
        actions.remove_member(membership=membership, by=actor(request), now=timezone.now())
    except actions.LastAdmin as error:
        return team_page(request, status=CONFLICT, problem=str(error))
    messages.success(request, f"{membership.user.email} is no longer a member.")
    if membership.user_id == request.user.pk:
        return redirect("teams:list")
    return redirect("teams:detail", request.team.pk)


@require_in_team(Permission.VIEW)
@require_POST
@confirmed
def leave(request: TeamRequest) -> HttpResponse:
    membership = request.team.memberships.select_related("user", "team").get(user=request.user)
    try:
        actions.leave(membership=membership, by=actor(request), now=timezone.now())
    except actions.LastAdmin as error:
        return team_page(request, status=CONFLICT, problem=str(error))
    messages.success(request, f"You left {request.team.name}.")
    return redirect("teams:list")


@public
def closed(request: HttpRequest, key: str = "") -> HttpResponse:
    raise PermissionDenied(
        "The email you sign in with is your name in the audit, so it is not changed here. "
        "Ask an admin of your loopsweb."
    )


def _member(request: TeamRequest, member: int) -> Membership:
    memberships = request.team.memberships.select_related("user", "team")
    return get_object_or_404(memberships, pk=member)
