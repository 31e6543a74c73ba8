"""Invitations: sent and taken back on the team's page, accepted by whoever holds the link."""

from __future__ import annotations

import smtplib

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from loopsweb.accounts.actions import AlreadyMember
from loopsweb.accounts.invitations import actions
from loopsweb.accounts.invitations.forms import Invite, NewPerson
from loopsweb.accounts.invitations.models import Invitation
from loopsweb.accounts.models import User
from loopsweb.accounts.permissions import Permission, TeamRequest, public, require_in_team
from loopsweb.accounts.team_page import CONFLICT, UNPROCESSABLE, team_page
from loopsweb.audit.record import actor
from loopsweb.ui.pages import render_page

log = structlog.get_logger(__name__)
CREATED, GONE = 201, 410
NOT_SENT = (OSError, smtplib.SMTPException)


@require_in_team(Permission.MANAGE_TEAM)
@require_POST
@sensitive_variables("sent", "link")
def invite(request: TeamRequest) -> HttpResponse:
    form = Invite(request.POST, auto_id="id_invite_%s")
    if not form.is_valid():
        return team_page(request, status=UNPROCESSABLE, invite=form)
    try:
        sent = actions.invite(
            **form.cleaned_data, team=request.team, by=actor(request), now=timezone.now()
        )
    except AlreadyMember as error:
        form.add_error("email", str(error))
        return team_page(request, status=UNPROCESSABLE, invite=form)
    link = request.build_absolute_uri(reverse("invitation", args=[sent.token]))
    if was_mailed(sent.invitation, link):
        messages.success(request, f"An invitation is on its way to {sent.invitation.email}.")
        return redirect("teams:detail", request.team.pk)
    return team_page(request, status=CREATED, link=link, invited=sent.invitation)


@sensitive_variables("link")
def was_mailed(invitation: Invitation, link: str) -> bool:
    """False where no mail leaves this machine, or the mail server did not take it."""
    if settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
        return False
    text = render_to_string("accounts/invitation.txt", {"invitation": invitation, "link": link})
    subject = f"Join {invitation.team.name} on loopsweb".replace("\n", " ").replace("\r", " ")
    try:
        EmailMessage(subject=subject, body=text, to=[invitation.email]).send()
    except NOT_SENT as error:
        log.warning("invitation_not_sent", cause=type(error).__name__)
        return False
    return True


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
            by = actor(request)
            actions.accept(invitation=invitation, person=person, by=by, now=now)
            messages.success(request, f"You are a member of {invitation.team.name} now.")
            return redirect("teams:detail", invitation.team_id)
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


def gone(request: HttpRequest) -> HttpResponse:
    return render_page(request, "accounts/invitation_gone.html", {}, status=GONE)
