"""The search text of events: written with each event, and again when a person is erased."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from loopsweb.audit.models import Event, SearchText
from loopsweb.prepared_writes import PreparedInsert
from loopsweb.ui.search import join_normalized

FIELDS = (
    "person", "target_id", "target_name", "target_owner", "reason", "action", "incident",
)  # fmt: skip
READ_WORDS = attrgetter(*FIELDS)
TEXTS = PreparedInsert(SearchText, replaces=True)


def store_search_text(cursor: Any, events: Iterable[Event]) -> None:
    """Write what the events are found by, over what was written before."""
    TEXTS.insert(cursor, [(event.pk, join_normalized(READ_WORDS(event))) for event in events])
