"""How an invitation reaches whom it is for: by mail, or where they find it when they sign in.

Whoever has the link can make the account. So only staff, who make accounts anyway, ever see one.
"""

from __future__ import annotations

import smtplib

import structlog
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth.email import email_is_sent
from loopsweb.accounts.authorization.decorators import TeamRequest
from loopsweb.accounts.invitations import actions
from loopsweb.accounts.invitations.models import Invitation
from loopsweb.accounts.teams.page import CREATED, team_page
from loopsweb.audit.record import actor

log = structlog.get_logger(__name__)
NOT_SENT = (OSError, smtplib.SMTPException)
MAILED = "{} will be a member once they accept. The invitation is on its way to them."
WAITS = (
    "{} will be a member once they accept. No mail was sent: "
    "the invitation waits under Teams for whoever signs in with that email."
)


@sensitive_variables("sent", "link")
def invite(request: TeamRequest, *, email: str, role: str) -> HttpResponse:
    """Says the same whether or not the email has an account. Raises AlreadyMember or TooOften."""
    rate_limits.take(request, "invite")
    sent = actions.invite(
        team=request.team, email=email, role=role, by=actor(request), now=timezone.now()
    )
    link = request.build_absolute_uri(reverse("invitation", args=[sent.token]))
    mailed = was_mailed(sent.invitation, link)
    if not mailed and request.user.is_staff:
        return team_page(request, status=CREATED, link=link, invited=sent.invitation)
    messages.success(request, (MAILED if mailed else WAITS).format(sent.invitation.email))
    return redirect("teams:detail", request.team.pk)


@sensitive_variables("link", "text")
def was_mailed(invitation: Invitation, link: str) -> bool:
    """False where no mail leaves this machine, or the mail server did not take it."""
    if not email_is_sent():
        return False
    text = render_to_string("accounts/invitation.txt", {"invitation": invitation, "link": link})
    subject = f"Join {invitation.team.name} on loopsweb".replace("\n", " ").replace("\r", " ")
    try:
        EmailMessage(subject=subject, body=text, to=[invitation.email]).send()
    except NOT_SENT as error:
        log.warning("invitation_not_sent", cause=type(error).__name__)
        return False
    return True
