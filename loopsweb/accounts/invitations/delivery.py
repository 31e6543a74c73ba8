"""Sending an invitation: by email, or under Teams for a person who signs in.

Anyone with the link can create the account, so it is shown to site staff only, who can create
accounts anyway.
"""

from __future__ import annotations

from http import HTTPStatus

import structlog
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts.auth.email_settings import can_mail_links
from loopsweb.accounts.authorization.decorators import TeamRequest
from loopsweb.accounts.invitations import actions
from loopsweb.accounts.models import Invitation
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.accounts.teams.page import render_team_page
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.site_url import build_site_url

log = structlog.get_logger(__name__)
EMAILED = "Invitation emailed to {}. They become a member when they accept."
NOT_EMAILED = (
    "Invitation created for {}, but no email was sent. "
    "They can accept it under Teams after signing in with that email."
)


@sensitive_variables("created", "link", "path")
def send_invitation(request: TeamRequest, *, email: str, role: str) -> HttpResponse:
    """The response does not reveal whether the email has an account.

    Raises AlreadyMember or RateLimited.
    """
    enforce_rate_limit(request, "invite")
    created = actions.create_invitation(
        team=request.team, email=email, role=role, by=actor_of_request(request), now=timezone.now()
    )
    invitation = created.invitation
    path = reverse("invitation", args=[created.token])
    is_emailed = can_mail_links(request) and email_invitation(
        invitation, build_site_url(request, path)
    )
    if not is_emailed and request.user.is_staff:
        link = request.build_absolute_uri(path)
        return render_team_page(request, status=HTTPStatus.CREATED, link=link, invited=invitation)
    messages.success(request, (EMAILED if is_emailed else NOT_EMAILED).format(invitation.email))
    return redirect("teams:detail", request.team.pk)


@sensitive_variables("link", "text")
def email_invitation(invitation: Invitation, link: str) -> bool:
    """Returns whether it was sent: false if the mail server refuses it."""
    text = render_to_string("accounts/invitation.txt", {"invitation": invitation, "link": link})
    subject = f"Join {invitation.team.name} on loopsweb".replace("\n", " ").replace("\r", " ")
    try:
        EmailMessage(subject=subject, body=text, to=[invitation.email]).send()
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("invitation_not_sent", cause=type(error).__name__)
        return False
    return True
