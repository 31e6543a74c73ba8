from __future__ import annotations

from django.http import HttpRequest

from loopsweb.accounts.models import User


def can_change_person(request: HttpRequest, person: User | None) -> bool:
    """Only superusers may change other staff: whoever can change an account can take it over.

    person: None for nobody in particular.
    """
    if person is None or request.user.is_superuser or person.pk == request.user.pk:
        return True
    return not (person.is_staff or person.is_superuser)
