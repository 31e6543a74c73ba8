"""Sign-in by the organisation's own OpenID Connect service, if one is configured.

Who its verified email names here already, comes in as that person. Somebody new comes in only with
a group that has a role here; what the groups say then holds for every team they speak of.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from allauth.account.signals import user_logged_in
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from loopsweb.accounts.auth import oidc_reauthentication
from loopsweb.accounts.auth.oidc_roles import claims_of, granted
from loopsweb.accounts.models import User
from loopsweb.ui.errors import page

log = structlog.get_logger(__name__)
NOT_VERIFIED = "Your sign-in service does not say that your email is verified. Ask whoever runs it."
NO_GROUP = (
    "Your sign-in service knows you, but none of your groups has a place here. "
    "Ask an admin of your team to invite you."
)
ANOTHER = "You are signed in here with another email. Sign out first."
ANOTHER_IDENTITY = (
    "Your sign-in service knows another identity by this email than the one that this account "
    "belongs to. Whoever runs loopsweb can take the former one away in /admin/."
)
NOT_ASKED = (
    "Nothing was confirmed: your sign-in service did not ask you again who you are. "
    "Sign out there, then try again."
)


def verified(sociallogin: SocialLogin) -> list[str]:
    """In lower case. Some services say it as text, and "false" is one."""
    return [
        each.email.lower()
        for each in sociallogin.email_addresses
        if each.verified is True or each.verified == "true"
    ]


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        emails = verified(sociallogin)
        if not emails:
            refuse(request, NOT_VERIFIED)
        if request.user.is_authenticated and request.user.email not in emails:
            refuse(request, ANOTHER)
        if not sociallogin.is_existing and not granted(claims_of(sociallogin)):
            refuse(request, NO_GROUP)
        if is_second_identity(sociallogin):
            refuse(request, ANOTHER_IDENTITY)
        if oidc_reauthentication.was_not_asked(sociallogin, now=time.time()):
            refuse(request, NOT_ASKED, title="You were not asked")

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """What is noted in `state` comes back with the answer to this very request."""
        state[oidc_reauthentication.ASKED_AGAIN] = oidc_reauthentication.asks_again(context.request)
        return str(super().generate_state_param(state))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # pre_social_login has decided

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # nobody chooses the email they are known by

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        claims = claims_of(sociallogin)
        with transaction.atomic():
            name = "".join(filter(str.isprintable, str(claims.get("name") or "")))[:150]
            person = User.objects.create_user(verified(sociallogin)[0], name=name)
            sociallogin.user = person
            sociallogin.save(request, connect=True)
        return person


def is_second_identity(sociallogin: SocialLogin) -> bool:
    """Whether an unknown one asks for a person who has one already: addresses are given anew."""
    if sociallogin.account.pk is not None or not sociallogin.is_existing:
        return False
    return bool(SocialAccount.objects.filter(user=sociallogin.user).exists())


def refuse(request: HttpRequest, why: str, *, title: str = "You are not signed in") -> None:
    log.warning("single_sign_on_refused", why=why)
    raise ImmediateHttpResponse(page(request, 403, title, why))


@receiver(user_logged_in)
def note_when_confirmed(
    request: HttpRequest, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    if sociallogin is not None:
        oidc_reauthentication.note(request, sociallogin)
