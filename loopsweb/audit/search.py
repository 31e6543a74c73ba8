"""The search text of events: written with each event, and again when a person is erased."""

from __future__ import annotations

from collections.abc import Iterable

from loopsweb.audit.models import Event, SearchText
from loopsweb.ui.search import join_normalized

FIELDS = (
    "person", "target_id", "target_name", "target_owner", "reason", "action", "incident",
)  # fmt: skip
BATCH_SIZE = 1000


def store_search_text(events: Iterable[Event]) -> None:
    """Write what the events are found by, over what was written before."""
    SearchText.objects.bulk_create(
        (
            SearchText(event=event, text=join_normalized(getattr(event, name) for name in FIELDS))
            for event in events
        ),
        batch_size=BATCH_SIZE,
        update_conflicts=True,
        unique_fields=["event"],
        update_fields=["text"],
    )
