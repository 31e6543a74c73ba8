"""Who is erased from the trail leaves no invitation behind, neither theirs nor in their name."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from loopsweb.accounts.models import Invitation
from loopsweb.audit.erasure import erased


@receiver(erased)
def forget(person: str, **_: Any) -> None:
    Invitation.objects.filter(email__iexact=person).delete()
    Invitation.objects.filter(invited_by__iexact=person).update(invited_by="")
