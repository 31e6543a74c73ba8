"""Requests keep names beside the trail: whoever is erased there is forgotten here as well."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from loopsweb.resources.deactivations.models import Batch, Deactivation
from loopsweb.resources.deactivations.protections import Protection

KEPT = {
    Deactivation: ("person", "approver", "target_owner"),
    Batch: ("person",),
    Protection: ("person",),
}


def erase_person(person: str, **_: Any) -> None:
    """Their reasons, and those that name them, go with them."""
    for model, names in KEPT.items():
        worded = Q(person__iexact=person) | Q(reason__icontains=person)
        model._default_manager.filter(worded).update(reason="")
        for name in names:
            model._default_manager.filter(**{f"{name}__iexact": person}).update(**{name: ""})
