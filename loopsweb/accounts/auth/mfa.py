"""Two-factor authentication (MFA): the teams that require it, and the encryption of its secrets."""

from __future__ import annotations

from http import HTTPStatus

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from loopsweb import cipher
from loopsweb.accounts.models import Team, User

CIPHER_PURPOSE = "mfa"


def lacks_required_mfa(person: User, team: Team) -> bool:
    """Recovery codes alone do not count as MFA."""
    return team.second_factor_required and not is_mfa_enabled(person)


def require_mfa(request: HttpRequest, person: User, team: Team) -> None:
    """Redirect to the MFA setup page if the team requires MFA and the person has none.

    Raises ImmediateHttpResponse, which allauth's middleware answers with.
    """
    if not lacks_required_mfa(person, team):
        return
    if "HX-Request" not in request.headers:
        raise ImmediateHttpResponse(redirect("second_factor"))
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    response["HX-Redirect"] = reverse("second_factor")
    raise ImmediateHttpResponse(response)


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts MFA secrets. allauth does not pass the owner: only the purpose is bound."""

    def encrypt(self, text: str) -> str:
        return cipher.get_ring().encrypt(text, purpose=CIPHER_PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return cipher.get_ring().decrypt(encrypted_text, purpose=CIPHER_PURPOSE)


def reencrypt_mfa_secrets() -> tuple[int, list[str]]:
    """Re-encrypt with the ring's first key. Returns the number re-encrypted and a message for each
    authenticator that could not be decrypted."""
    count, unreadable = 0, []
    for authenticator in Authenticator.objects.filter(type=Authenticator.Type.TOTP):
        before = authenticator.data
        try:
            secret = _reencrypt(before["secret"])
        except cipher.CipherError as error:
            unreadable.append(f"Two-factor secret of {authenticator.user}: {error}")
            continue
        if secret != before["secret"]:
            authenticator.data = {**before, "secret": secret}
            authenticator.save(update_fields=["data"])
            count += 1
    return count, unreadable


def _reencrypt(value: str) -> str:
    ring = cipher.get_ring()
    if cipher.parse_ring_id(value) == ring.current:
        return value
    return ring.encrypt(ring.decrypt(value, purpose=CIPHER_PURPOSE), purpose=CIPHER_PURPOSE)
