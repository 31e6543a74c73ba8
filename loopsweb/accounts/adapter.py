"""allauth, bent to this house: nobody registers themselves, second factors are kept encrypted."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from loopsweb import cipher
from loopsweb.accounts.confirming import confirmed_lately
from loopsweb.accounts.lockout import locked_out

PURPOSE = "mfa"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in counts as a confirmation, for as long as one does."""
        return not confirmed_lately(context.request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            who = self._get_login_attempts_cache_key(request, **credentials)
            raise ValidationError(locked_out(request, who, now=time.time())) from error

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth says neither whose secret it is nor where it will lie: only the purpose is bound."""

    def encrypt(self, text: str) -> str:
        return cipher.ring().encrypt(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.ring().decrypt(encrypted_text, purpose=PURPOSE)
