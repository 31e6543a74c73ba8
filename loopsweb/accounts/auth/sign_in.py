"""What happens around sign-in: it is logged, the audits of the person's workspaces are told, and
allauth learns which email is an account's."""

from __future__ import annotations

from typing import Any

import structlog
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in as came_in
from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.accounts.teams.audit import tell_teams_of
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor

log = structlog.get_logger(__name__)
VERBS = {
    second_factor.authenticator_added: "add",
    second_factor.authenticator_removed: "remove",
    second_factor.authenticator_reset: "renew",
}
WRONG_CODE = "The password was right, the code of the second factor was wrong."
WRONG_PASSWORD = "Somebody gave this email and a wrong password."  # noqa: S105


@receiver(post_save, sender=User)
def keep_one_email(instance: User, raw: bool, **_: Any) -> None:  # noqa: FBT001
    """An admin made the account, so its email counts as verified, and no other one signs in."""
    if raw:
        return
    EmailAddress.objects.filter(user=instance).exclude(email=instance.email).delete()
    EmailAddress.objects.update_or_create(
        user=instance, email=instance.email, defaults={"verified": True, "primary": True}
    )


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    log.info("signed_in", email=user.email, address=request.META.get("REMOTE_ADDR", ""))


@receiver(came_in)
def tell_of_sign_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Not told, not signed in: what is raised here ends the request before the session is kept."""
    tell_teams_of(user, "person.sign_in", by=actor(request), now=timezone.now())


@receiver(second_factor.authentication_failed)
def tell_of_wrong_code(request: HttpRequest, user: User, **_: Any) -> None:
    tell_teams_of(
        user,
        "person.sign_in",
        outcome=Outcome.REFUSED,
        reason=WRONG_CODE,
        by=actor(request),
        now=timezone.now(),
    )


@receiver(second_factor.authenticator_added)
@receiver(second_factor.authenticator_removed)
@receiver(second_factor.authenticator_reset)
def tell_of_second_factor(
    request: HttpRequest, user: User, authenticator: Authenticator, signal: Signal, **_: Any
) -> None:
    verb = VERBS[signal]
    kind = Authenticator.Type(authenticator.type).label
    answer = {"second_factor": str(kind)}
    action = f"second_factor.{verb}"
    tell_teams_of(user, action, by=actor(request), now=timezone.now(), answer=answer)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        log.info("signed_out", email=user.email, address=request.META.get("REMOTE_ADDR", ""))


@receiver(user_login_failed)
def refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """What was typed is logged only if it looks like an email: some type the password there."""
    typed = str(credentials.get("email") or credentials.get("username") or "")
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    log.warning("sign_in_refused", email=typed if "@" in typed else "", address=address)
    person = User.objects.filter(email__iexact=typed).first()
    if person is not None and request is not None:
        tell_teams_of(
            person,
            "person.sign_in",
            outcome=Outcome.REFUSED,
            reason=WRONG_PASSWORD,
            by=actor(request),
            now=timezone.now(),
        )
