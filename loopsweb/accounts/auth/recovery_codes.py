"""Recovery codes of 120 random bits, stored as digests and shown once.

allauth's are numbers of eight digits that follow from a seed, and it has no setting to replace
them. Codes made by it before stay valid, stored as slow hashes.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any

from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import auth, flows
from allauth.mfa.utils import decrypt, encrypt
from django.contrib.auth.hashers import check_password
from django.db import transaction

from loopsweb.accounts.models import User, digest_token

UNSEEN_KEY = "recovery_codes"  # in the session, until the person has seen them
HIDDEN = "****"


class RecoveryCodes(auth.RecoveryCodes):  # type: ignore[misc]
    """`data["digests"]` has one entry for each unused code."""

    instance: Authenticator
    _shown: list[str] | None = None

    @classmethod
    def activate(cls, user: User) -> RecoveryCodes:
        kind = Authenticator.Type.RECOVERY_CODES
        if found := Authenticator.objects.filter(user=user, type=kind).first():
            return cls(found)
        codes = [generate_code() for _ in range(app_settings.RECOVERY_CODE_COUNT)]
        digests = [digest_token(normalize_code(code)) for code in codes]
        context.request.session[UNSEEN_KEY] = encrypt(" ".join(codes))
        return cls(Authenticator.objects.create(user=user, type=kind, data={"digests": digests}))

    @property
    def did_view(self) -> bool:
        return UNSEEN_KEY not in context.request.session

    def mark_as_viewed(self) -> None:
        self._shown = decrypt(context.request.session.pop(UNSEEN_KEY)).split()

    def generate_codes(self) -> list[str]:
        """As many as there were."""
        return [HIDDEN] * app_settings.RECOVERY_CODE_COUNT

    def get_unused_codes(self) -> list[str]:
        return self._shown or [HIDDEN] * len(self.instance.data["digests"])

    @transaction.atomic
    def validate_code(self, code: str) -> bool:
        """A code is right once."""
        locked = Authenticator.objects.select_for_update().get(pk=self.instance.pk)
        left = [each for each in locked.data["digests"] if not is_code_of(code, each)]
        if len(left) == len(locked.data["digests"]):
            return False
        locked.data["digests"] = left
        locked.save(update_fields=["data"])
        self.instance = locked
        return True


def generate_code() -> str:
    """Six groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(15)).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def normalize_code(typed: str) -> str:
    return "".join(filter(str.isalnum, typed.upper()))


def is_code_of(typed: str, stored: str) -> bool:
    """stored: a digest, or the hash of an older code, which is a number."""
    code = normalize_code(typed)
    if "$" in stored:
        return code.isdecimal() and check_password(code, stored)
    return secrets.compare_digest(digest_token(code), stored)


def replace_recovery_codes_of_allauth() -> None:
    replaced: Any = (auth, flows)
    for module in replaced:
        module.RecoveryCodes = RecoveryCodes
