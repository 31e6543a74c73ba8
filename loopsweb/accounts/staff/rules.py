"""What staff do to a person: told in each of their workspaces, and to nobody who may more."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.models import User
from loopsweb.accounts.teams.audit import tell_teams_of
from loopsweb.audit.record import actor


def tell_of(person: User, action: str, request: HttpRequest, **answer: Any) -> None:
    """In the transaction that makes the change."""
    by = actor(request)
    tell_teams_of(person, action, by=by, now=timezone.now(), answer=answer, by_staff=True)


def may_take_over(request: HttpRequest, person: User | None) -> bool:
    """Whether who asks has all the power that the person has. None: nobody in particular."""
    if person is None or request.user.is_superuser or person.pk == request.user.pk:
        return True
    return not (person.is_staff or person.is_superuser)
