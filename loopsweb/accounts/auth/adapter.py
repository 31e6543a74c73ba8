"""allauth, bent to this house: nobody registers themselves, second factors are kept encrypted."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb import cipher
from loopsweb.accounts.auth.lockout import locked_out
from loopsweb.accounts.auth.reauthentication import (
    confirmed_lately,
    has_a_way_here,
    where_to_confirm,
)
from loopsweb.accounts.models import User
from loopsweb.accounts.teams.audit import tell_teams_of
from loopsweb.audit.record import actor

PURPOSE = "mfa"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in counts as a confirmation, for as long as one does. allauth itself knows no way
        for those who sign in elsewhere."""
        request = context.request
        if confirmed_lately(request):
            return False
        if not has_a_way_here(request):
            back = where_to_confirm(request, back=request.path)
            raise ImmediateHttpResponse(redirect(back))
        return True

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            who = self._get_login_attempts_cache_key(request, **credentials)
            raise ValidationError(locked_out(request, who, now=time.time())) from error

    def set_password(self, user: User, password: str) -> None:
        """Where a person changes theirs or follows a link to a new one: told, or not set."""
        request = context.request
        how = "changed" if request.user.is_authenticated else "by a mailed link"
        with transaction.atomic():
            answer = {"password": how}
            now = timezone.now()
            tell_teams_of(user, "person.password", by=actor(request), now=now, answer=answer)
            super().set_password(user, password)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth says neither whose secret it is nor where it will lie: only the purpose is bound."""

    def encrypt(self, text: str) -> str:
        return cipher.ring().encrypt(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.ring().decrypt(encrypted_text, purpose=PURPOSE)
