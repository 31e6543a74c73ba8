from __future__ import annotations

from django.db import models

from loopsweb.resources.snapshot.facet_indexes import index_facets
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.search import SearchTextField


class Origin(models.TextChoices):
    RUN = "run", "Named by a run"
    CREATED = "created", "Created here"
    ENTERED = "entered", "Entered by a person"


class Session(Snapshot):
    """No route lists sessions: one is known because a run names it, or it was added here."""

    noun = "session"
    newest_field = "first_seen_at"

    origin = models.CharField(max_length=10, choices=Origin.choices)
    search_text = SearchTextField(of=("remote_id",))

    class Meta(Snapshot.Meta):
        indexes = [
            index_facets("origin", name="session_facets"),
            models.Index(fields=["workspace", "-first_seen_at", "-id"], name="session_newest"),
        ]
