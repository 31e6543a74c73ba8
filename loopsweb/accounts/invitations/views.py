"""Invitations: sent and taken back on the team's page, accepted by whoever holds the link."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import confirmed
from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    public,
    require_in_team,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.invitations import actions, sending
from loopsweb.accounts.invitations.forms import Invite, NewPerson
from loopsweb.accounts.invitations.models import Invitation
from loopsweb.accounts.models import User
from loopsweb.accounts.rate_limits import TooOften
from loopsweb.accounts.teams.actions import AlreadyMember
from loopsweb.accounts.teams.page import CONFLICT, INVITE_ID, TOO_MANY, UNPROCESSABLE, team_page
from loopsweb.audit.record import actor
from loopsweb.ui.pages import render_page

GONE = 410


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
@confirmed
def invite(request: TeamRequest) -> HttpResponse:
    form, status = Invite(request.POST, auto_id=INVITE_ID), UNPROCESSABLE
    if form.is_valid():
        try:
            return sending.invite(request, **form.cleaned_data)
        except AlreadyMember as error:
            form.add_error("email", str(error))
        except TooOften as error:
            form.add_error("email", str(error))
            status = TOO_MANY
    return team_page(request, status=status, invite=form)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
def revoke(request: TeamRequest, invitation: int) -> HttpResponse:
    found = get_object_or_404(request.team.invitations, pk=invitation)
    try:
        actions.revoke(invitation=found, by=actor(request), now=timezone.now())
    except actions.NoLongerOpen:
        problem = f"The invitation of {found.email} was used, taken back or too old already."
        return team_page(request, status=CONFLICT, problem=problem)
    messages.success(request, f"The invitation of {found.email} no longer works.")
    return redirect("teams:detail", request.team.pk)


@public
@sensitive_post_parameters("password")
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked depends on who holds the link: somebody new, or somebody who signs in."""
    now = timezone.now()
    invitation = Invitation.objects.behind(token, now=now)
    if invitation is None:
        return gone(request)
    form = NewPerson(request.POST or None, email=invitation.email)
    person = request.user if request.user.is_authenticated else None
    try:
        if person and person.email == invitation.email and request.method == "POST":
            return join(request, invitation, person)
        is_new = person is None and not User.objects.filter(email=invitation.email).exists()
        if is_new and form.is_valid():
            actions.accept_as_new(
                **form.cleaned_data, invitation=invitation, by=actor(request), now=now
            )
            messages.success(request, "Your account is there. Sign in with your new password.")
            team = reverse("teams:detail", args=[invitation.team_id])
            return redirect(f"{reverse('account_login')}?next={team}")
    except actions.NoLongerOpen:
        return gone(request)
    context = {"invitation": invitation, "person": person, "is_new": is_new, "form": form}
    status = UNPROCESSABLE if is_new and form.errors else 200
    return render_page(request, "accounts/accept.html", context, status=status)


def offered(request: SignedInRequest, offer: int) -> Invitation:
    """Raises Http404 for what is offered to somebody else."""
    offers = Invitation.objects.select_related("team")
    return get_object_or_404(offers, pk=offer, email=request.user.email)


@signed_in
def accept_offer(request: SignedInRequest, offer: int) -> HttpResponse:
    """Without the link: whom it is for is signed in."""
    invitation = offered(request, offer)
    if request.method != "POST":
        return redirect("teams:list")
    try:
        return join(request, invitation, request.user)
    except actions.NoLongerOpen:
        return gone(request)


@signed_in
def decline_offer(request: SignedInRequest, offer: int) -> HttpResponse:
    invitation = offered(request, offer)
    if request.method != "POST":
        return redirect("teams:list")
    try:
        actions.decline(
            invitation=invitation, person=request.user, by=actor(request), now=timezone.now()
        )
    except actions.NoLongerOpen:
        return gone(request)
    messages.success(request, f"Declined. You are not a member of {invitation.team.name}.")
    return redirect("teams:list")


def join(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    """Raises NoLongerOpen."""
    actions.accept(invitation=invitation, person=person, by=actor(request), now=timezone.now())
    messages.success(request, f"You are a member of {invitation.team.name} now.")
    return redirect("teams:detail", invitation.team_id)


def gone(request: HttpRequest) -> HttpResponse:
    return render_page(request, "accounts/invitation_gone.html", {}, status=GONE)
