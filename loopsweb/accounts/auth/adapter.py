"""allauth's account adapter for this site: no self-registration, and password changes are
audited."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.auth.lockout import consume_sign_in_limit
from loopsweb.accounts.auth.reauthentication import (
    can_reauthenticate_locally,
    is_recently_authenticated,
    reauthentication_url,
)
from loopsweb.accounts.models import User
from loopsweb.accounts.rate_limits import consume_rate_limit
from loopsweb.accounts.teams.audit import record_person_event
from loopsweb.addresses import UNKNOWN_CLIENT
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.errors import render_error
from loopsweb.ui.site_url import build_site_url

log = structlog.get_logger(__name__)
# The time that the mail server takes would tell who has an account.
mailer = ThreadPoolExecutor(1, thread_name_prefix="mailer")
SSO_ONLY = "This loopsweb takes no passwords or passkeys. Sign in with your identity provider."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def get_client_ip(self, request: HttpRequest) -> str:
        """Clients of unknown address share one rate limit."""
        return request.META.get("REMOTE_ADDR") or UNKNOWN_CLIENT

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A recent sign-in counts as reauthentication.

        Raises ImmediateHttpResponse for people who sign in at an identity provider only: allauth
        does not send them back there by itself.
        """
        request = context.request
        if is_recently_authenticated(request):
            return False
        if not can_reauthenticate_locally(request):
            raise ImmediateHttpResponse(redirect(reauthentication_url(request, back=request.path)))
        return True

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        # allauth rolls back what stands under this name if the password is right.
        email = str(credentials.get("email", ""))
        self._login_failed_rl_usage = consume_sign_in_limit(request, email)

    def pre_login(
        self, request: HttpRequest, user: User, *, signal_kwargs: Any = None, **kwargs: Any
    ) -> HttpResponse | None:
        """Called for every way to sign in."""
        if settings.LOOPSWEB_SSO_ONLY and "sociallogin" not in (signal_kwargs or {}):
            request.session.flush()
            title = "You are not signed in"
            return render_error(request, HTTPStatus.FORBIDDEN, title, SSO_ONLY)
        response: HttpResponse | None = super().pre_login(
            request, user, signal_kwargs=signal_kwargs, **kwargs
        )
        return response

    def set_password(self, user: User, password: str) -> None:
        """Change or reset a password. It is set only if the audit event is recorded."""
        request = context.request
        answer = {"password": "changed" if request.user.is_authenticated else "by a mailed link"}
        by, now = actor_of_request(request), timezone.now()
        with transaction.atomic():
            record_person_event(user, "person.password", by=by, now=now, answer=answer)
            super().set_password(user, password)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """key: the person's id and the token. Raises SiteUrlUnknown."""
        person, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", args=[person, token])
        return build_site_url(context.request, path)

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """To the address of the account, however it was typed. The page is the same if there have
        been too many, or if the mail server fails."""
        if not consume_rate_limit(self.request, "mail_reset", key=str(user.pk)):
            log.warning("password_reset_not_sent", cause="too many", email=user.email)
            return
        context |= {"request": self.request}
        message = self.render_mail("account/email/password_reset_key", user.email, context)
        sending = mailer.submit(message.send)
        sending.add_done_callback(partial(log_failure, user.email))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


def log_failure(email: str, sending: Future[int]) -> None:
    if error := sending.exception():
        log.warning("password_reset_not_sent", cause=type(error).__name__, email=email)
