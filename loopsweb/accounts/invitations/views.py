"""Pages of invitations: sent and revoked on a team's page, accepted by link or under Teams."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    public,
    require_team_permission,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.invitations import actions
from loopsweb.accounts.invitations.delivery import send_invitation
from loopsweb.accounts.invitations.forms import NewAccountForm
from loopsweb.accounts.models import Invitation, User, digest_token
from loopsweb.accounts.rate_limits import TooManyAttempts
from loopsweb.accounts.teams.actions import AlreadyMember
from loopsweb.accounts.teams.forms import MemberForm
from loopsweb.accounts.teams.page import INVITE_ID, render_team_page
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.pages import render_page


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def invite_member(request: TeamRequest) -> HttpResponse:
    form, status = MemberForm(request.POST, auto_id=INVITE_ID), HTTPStatus.UNPROCESSABLE_ENTITY
    if form.is_valid():
        try:
            return send_invitation(request, **form.cleaned_data)
        except AlreadyMember as error:
            form.add_error("email", str(error))
        except TooManyAttempts as error:
            form.add_error("email", str(error))
            status = HTTPStatus.TOO_MANY_REQUESTS
    return render_team_page(request, status=status, invite=form)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def revoke_invitation(request: TeamRequest, invitation: int) -> HttpResponse:
    found = get_object_or_404(request.team.invitations, pk=invitation)
    by, email = actor_of_request(request), found.email
    try:
        actions.revoke_invitation(invitation=found, by=by, now=timezone.now())
    except actions.InvitationClosed:
        problem = f"The invitation for {email} was already used or revoked, or has expired."
        return render_team_page(request, status=HTTPStatus.CONFLICT, problem=problem)
    messages.success(request, f"Invitation for {email} revoked.")
    return redirect("teams:detail", request.team.pk)


@public
@sensitive_post_parameters("password")
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """New people create an account; people who have one sign in first."""
    now = timezone.now()
    invitation = Invitation.objects.find_by_token(token, now=now)
    if invitation is None:
        found = Invitation.objects.filter(digest=digest_token(token)).first()
        return render_closed(request, actions.explain_closed(found, now=now))
    form = NewAccountForm(request.POST or None, email=invitation.email, team=invitation.team)
    person = request.user if request.user.is_authenticated else None
    try:
        if person and person.email == invitation.email and request.method == "POST":
            return join_team(request, invitation, person)
        exists = User.objects.filter(email=invitation.email).exists()
        takes_passwords = not settings.LOOPSWEB_SSO_ONLY
        is_new = person is None and takes_passwords and (form.is_bound or not exists)
        if is_new and form.is_valid():
            by = actor_of_request(request)
            actions.accept_with_new_account(
                **form.cleaned_data, invitation=invitation, by=by, now=now
            )
            messages.success(request, "Account created. Sign in with your new password.")
            team = reverse("teams:detail", args=[invitation.team_id])
            return redirect(f"{reverse('account_login')}?next={team}")
    except actions.InvitationClosed as why:
        return render_closed(request, str(why))
    except actions.AccountExists:
        messages.info(request, "There is an account with this email already.")
        return redirect("invitation", token)
    context = {"invitation": invitation, "person": person, "is_new": is_new, "form": form}
    is_invalid = is_new and form.errors
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_invalid else HTTPStatus.OK
    return render_page(request, "accounts/accept_invitation.html", context, status=status)


@signed_in
def accept_own_invitation(request: SignedInRequest, offer: int) -> HttpResponse:
    """Without the link, by the person it is for."""
    invitation = get_own_invitation(request, offer)
    if request.method != "POST":
        return redirect("teams:list")
    try:
        return join_team(request, invitation, request.user)
    except actions.InvitationClosed as why:
        return render_closed(request, str(why))


@signed_in
def decline_own_invitation(request: SignedInRequest, offer: int) -> HttpResponse:
    invitation = get_own_invitation(request, offer)
    if request.method != "POST":
        return redirect("teams:list")
    by, now = actor_of_request(request), timezone.now()
    try:
        actions.decline_invitation(invitation=invitation, person=request.user, by=by, now=now)
    except actions.InvitationClosed as why:
        return render_closed(request, str(why))
    messages.success(request, f"Invitation to {invitation.team.name} declined.")
    return redirect("teams:list")


def get_own_invitation(request: SignedInRequest, pk: int) -> Invitation:
    """Raises Http404 for an invitation of somebody else."""
    invitations = Invitation.objects.select_related("team")
    return get_object_or_404(invitations, pk=pk, email=request.user.email)


def join_team(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    """Raises InvitationClosed."""
    by, now = actor_of_request(request), timezone.now()
    actions.accept_invitation(invitation=invitation, person=person, by=by, now=now)
    messages.success(request, f"You are now a member of {invitation.team.name}.")
    return redirect("teams:detail", invitation.team_id)


def render_closed(request: HttpRequest, why: str) -> HttpResponse:
    context = {"why": why}
    return render_page(request, "accounts/invitation_closed.html", context, status=HTTPStatus.GONE)
