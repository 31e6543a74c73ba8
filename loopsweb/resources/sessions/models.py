from __future__ import annotations

from django.db import models

from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.search import SearchTextField


class Origin(models.TextChoices):
    RUN = "run", "Named by a run"
    CREATED = "created", "Created here"
    ENTERED = "entered", "Entered by a person"


class Session(Snapshot):
    """No route lists sessions: one is known because a run names it, or it was added here."""

    noun = "session"

    origin = models.CharField(max_length=10, choices=Origin.choices)
    search_text = SearchTextField(of=("remote_id",))
