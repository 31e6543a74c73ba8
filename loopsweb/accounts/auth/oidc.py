"""Single sign-on with the organisation's OpenID Connect provider, if one is configured.

A verified email that belongs to an account here signs in to that account. New people need a group
that is mapped to a role here.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, NoReturn

import structlog
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from loopsweb.accounts.auth import oidc_reauthentication
from loopsweb.accounts.auth.oidc_roles import find_matching_mappings, read_claims
from loopsweb.accounts.models import User
from loopsweb.ui.errors import render_error
from loopsweb.ui.visible_text import remove_invisible, validate_email_letters

log = structlog.get_logger(__name__)
NOT_VERIFIED = (
    "Your identity provider has not verified your email address. Ask its administrator to do so."
)
DECEPTIVE_EMAIL = (
    "Your identity provider sent an email that could be mistaken for another. Ask its "
    "administrator to correct it."
)
NO_GROUP = (
    "None of your groups at the identity provider has a role here. Ask a team admin to invite you."
)
OTHER_EMAIL = "You are already signed in here with another email address. Sign out first."
OTHER_IDENTITY = (
    "The account with this email is linked to another identity at your identity provider. "
    "Ask an administrator to remove that identity in /admin/."
)
MADE_MEANWHILE = "Your account was made a moment ago, in another window. Sign in again."
NOT_REAUTHENTICATED = (
    "Your identity provider did not ask you to sign in again, so nothing was confirmed. "
    "Sign out there, then try again."
)


def list_verified_emails(sociallogin: SocialLogin) -> list[str]:
    """In lower case. Some providers send `verified` as text, where "false" would be truthy."""
    return [
        each.email.lower()
        for each in sociallogin.email_addresses
        if each.verified is True or each.verified == "true"
    ]


class OIDCAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        emails = list_verified_emails(sociallogin)
        if not emails:
            refuse_sign_in(request, NOT_VERIFIED)
        refuse_deceptive_email(request, sociallogin)
        if request.user.is_authenticated and request.user.email not in emails:
            refuse_sign_in(request, OTHER_EMAIL)
        if not sociallogin.is_existing and not find_matching_mappings(read_claims(sociallogin)):
            refuse_sign_in(request, NO_GROUP)
        if has_other_identity(sociallogin):
            refuse_sign_in(request, OTHER_IDENTITY)
        if oidc_reauthentication.skipped_reauthentication(sociallogin, now=time.time()):
            refuse_sign_in(request, NOT_REAUTHENTICATED, title="Not confirmed")

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """The provider returns `state` unchanged with the answer to this request."""
        state[oidc_reauthentication.REQUESTED_KEY] = (
            oidc_reauthentication.requests_reauthentication(context.request)
        )
        return str(super().generate_state_param(state))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # pre_social_login has decided

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # new people must not choose another email

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        name = remove_invisible(str(read_claims(sociallogin).get("name") or ""))[:150]
        try:
            with transaction.atomic():
                person = User.objects.create_user(list_verified_emails(sociallogin)[0], name=name)
                sociallogin.user = person
                sociallogin.save(request, connect=True)
        except IntegrityError:
            refuse_sign_in(request, MADE_MEANWHILE)
        return person


def refuse_deceptive_email(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Raises ImmediateHttpResponse. Reads the claim, since allauth's lower case makes a k of the
    Kelvin sign."""
    try:
        validate_email_letters(str(read_claims(sociallogin).get("email") or ""))
    except ValidationError as error:
        refuse_sign_in(request, f"{DECEPTIVE_EMAIL} {error.message}")


def has_other_identity(sociallogin: SocialLogin) -> bool:
    """True if an unknown identity claims an account that is linked to another one: providers
    reassign email addresses."""
    if sociallogin.account.pk is not None or not sociallogin.is_existing:
        return False
    return bool(SocialAccount.objects.filter(user=sociallogin.user).exists())


def refuse_sign_in(
    request: HttpRequest, why: str, *, title: str = "You are not signed in"
) -> NoReturn:
    """Raises ImmediateHttpResponse."""
    log.warning("single_sign_on_refused", why=why)
    raise ImmediateHttpResponse(render_error(request, HTTPStatus.FORBIDDEN, title, why))
