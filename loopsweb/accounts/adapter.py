"""allauth, bent to this house: nobody registers themselves, second factors are kept encrypted."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from loopsweb import cipher

PURPOSE = "mfa"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth says neither whose secret it is nor where it will lie: only the purpose is bound."""

    def encrypt(self, text: str) -> str:
        return cipher.ring().encrypt(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.ring().decrypt(encrypted_text, purpose=PURPOSE)
