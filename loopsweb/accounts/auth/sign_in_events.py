"""Signal receivers that log and audit sign-ins and changes of two-factor authentication, and keep
allauth's email address of a user equal to the user's own."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account import signals as allauth_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from loopsweb.accounts.auth.browser_sessions.live import find_other_sessions
from loopsweb.accounts.models import User
from loopsweb.accounts.rate_limits import consume_rate_limit, is_rate_limit_exhausted
from loopsweb.accounts.teams.audit import record_person_event
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request

log = structlog.get_logger(__name__)
VERBS = {
    mfa_signals.authenticator_added: "add",
    mfa_signals.authenticator_removed: "remove",
    mfa_signals.authenticator_reset: "renew",
}
WRONG_CODE = "The password was correct, but the two-factor code was wrong."
WRONG_PASSWORD = "Somebody tried to sign in with a wrong password."  # noqa: S105


@receiver(post_save, sender=User)
def sync_email_address(instance: User, raw: bool, **_: Any) -> None:  # noqa: FBT001
    """The user's email is the only one that signs in. It counts as verified: an admin created the
    account."""
    if raw:
        return
    EmailAddress.objects.filter(user=instance).exclude(email=instance.email).delete()
    EmailAddress.objects.update_or_create(
        user=instance, email=instance.email, defaults={"verified": True, "primary": True}
    )


@receiver(user_logged_in)
def log_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    log.info("signed_in", email=user.email, address=request.META.get("REMOTE_ADDR", ""))


@receiver(allauth_signals.user_logged_in)
def record_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """If recording fails, the request ends before the session is saved: nobody is signed in."""
    record_person_event(user, "person.sign_in", by=actor_of_request(request), now=timezone.now())


@receiver(mfa_signals.authentication_failed)
def record_wrong_mfa_code(
    request: HttpRequest,
    user: User,
    reauthentication: bool = False,  # noqa: FBT001, FBT002
    **_: Any,
) -> None:
    if reauthentication:
        return  # guesses.py has recorded it
    record_refused_sign_in(request, user, WRONG_CODE)


@receiver(mfa_signals.authenticator_added)
@receiver(mfa_signals.authenticator_removed)
@receiver(mfa_signals.authenticator_reset)
def record_mfa_change(
    request: HttpRequest, user: User, authenticator: Authenticator, signal: Signal, **_: Any
) -> None:
    by, now = actor_of_request(request), timezone.now()
    answer = {"second_factor": str(Authenticator.Type(authenticator.type).label)}
    record_person_event(user, f"second_factor.{VERBS[signal]}", by=by, now=now, answer=answer)
    offer_to_end_other_sessions(request, user)


def offer_to_end_other_sessions(request: HttpRequest, user: User) -> None:
    if user == request.user and find_other_sessions(request, user).exists():
        text = 'Other browsers stay signed in. You can <a href="{}">end their sessions</a>.'
        messages.info(request, format_html(text, reverse("sessions_of_person")))


@receiver(user_logged_out)
def log_sign_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        log.info("signed_out", email=user.email, address=request.META.get("REMOTE_ADDR", ""))


@receiver(user_login_failed)
def record_failed_sign_in(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    """Text that is not an email is not logged: some people type their password there."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    log.warning("sign_in_refused", email=typed if "@" in typed else "", address=address)
    person = User.objects.filter(email__iexact=typed).first()
    if person is not None and request is not None:
        record_refused_sign_in(request, person, WRONG_PASSWORD)


def record_refused_sign_in(request: HttpRequest, person: User, reason: str) -> None:
    """Up to a number an hour: anyone can make them, and events are for ever. All are logged."""
    limit, key = "record_refused_sign_in", str(person.pk)
    if not consume_rate_limit(request, limit, key=key):
        log.warning("sign_in_refused_unrecorded", email=person.email, reason=reason)
        return
    if is_rate_limit_exhausted(request, limit, key=key):
        reason += " Further ones are only logged for now."
    by, now = actor_of_request(request), timezone.now()
    record_person_event(
        person, "person.sign_in", by=by, now=now, outcome=Outcome.REFUSED, reason=reason
    )
