"""Erases a person from invitations when they are erased from the audit."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from loopsweb.accounts.models import Invitation
from loopsweb.audit.erasure import person_erased


@receiver(person_erased)
def erase_invitations(person: str, **_: Any) -> None:
    """person: their email."""
    Invitation.objects.filter(email__iexact=person).delete()
    Invitation.objects.filter(invited_by__iexact=person).update(invited_by="")
