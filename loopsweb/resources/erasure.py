"""Erases a person from requests, protections, snoozes and saved views when the audit trail erases
them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q

from loopsweb.accounts.models import Workspace
from loopsweb.audit.chain.anonymize import anonymize
from loopsweb.audit.erasure import match_mention
from loopsweb.resources.cleanups.models import Cleanup
from loopsweb.resources.deactivations.models import Batch, Deactivation
from loopsweb.resources.deactivations.protections import LiftRequest, Protection
from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.snoozes import Snooze
from loopsweb.ui.search import refresh_search_text

PERSON_FIELDS = {
    Deactivation: ("person", "approver", "target_owner"),
    Batch: ("person",),
    Cleanup: ("person",),
    Protection: ("person",),
    LiftRequest: ("person",),
    Snooze: ("person",),
}


def erase_person(person: str, **_: Any) -> None:
    """Blank their name, their reasons, and the reasons that mention them. Views that name them are
    deleted."""
    for model, names in PERSON_FIELDS.items():
        mentions = Q(person__iexact=person) | match_mention("reason", person)
        model._default_manager.filter(mentions).update(reason="")
        for name in names:
            model._default_manager.filter(**{f"{name}__iexact": person}).update(**{name: ""})
    for cleanup in Cleanup.objects.filter(rules__owner__iexact=person):
        cleanup.rules = anonymize(cleanup.rules)  # nobody's: what is not sent yet stays here
        cleanup.save(update_fields=["rules"])
    SavedView.objects.filter(
        match_mention("query", person) | match_mention("name", person)
    ).delete()
    refresh_search_text(Deactivation.objects.all())
    Workspace.objects.update(version=F("version") + 1)  # pages that show the name reload
