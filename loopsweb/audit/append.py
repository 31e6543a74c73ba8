"""Appends events to the chain of their workspace.

Its statements are written once a process, because writing them anew would cost several times what
the database takes for them.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any

from django.db import connection, models, transaction

from loopsweb import counts
from loopsweb.audit.chain.anonymize import anonymize
from loopsweb.audit.chain.format import (
    PERSONAL,
    hash_link,
    hash_personal_value,
    make_storable,
    sanitize_text,
)
from loopsweb.audit.models import Chain, Event
from loopsweb.audit.search import store_search_text
from loopsweb.prepared_queries import open_cursor
from loopsweb.prepared_writes import PreparedInsert

TEXTS = [
    (field.attname, field.max_length)
    for field in Event._meta.concrete_fields
    if isinstance(field, models.CharField | models.TextField)
]
SALT_DIGITS = 32
FIND_HEAD = f"SELECT sequence, digest FROM {Chain._meta.db_table} WHERE workspace = %s"  # noqa: S608
MOVE_HEAD = f"UPDATE {Chain._meta.db_table} SET sequence = %s, digest = %s WHERE workspace = %s"  # noqa: S608
EVENTS = PreparedInsert(Event)
READ_ROW = attrgetter(*EVENTS.names)


@transaction.atomic(savepoint=False)
def append_to_chain(events: Sequence[Event]) -> None:
    """Append new events of one workspace to its chain, whose head stays locked until the commit.

    Record last in a transaction, because other writers of the workspace wait from then on.
    """
    for event in events:
        prepare_fields(event)
    workspace = events[0].workspace
    with open_cursor() as cursor:
        sequence, digest = lock_head(cursor, workspace)
        for event in events:
            sequence += 1
            event.sequence, event.previous = sequence, digest
            event.digest = digest = hash_link(digest, event.body())
        keys = EVENTS.insert(cursor, [READ_ROW(event) for event in events])
        for event, event.pk in zip(events, keys, strict=True):
            event._state.adding, event._state.db = False, connection.alias
        store_search_text(cursor, events)
        cursor.execute(MOVE_HEAD, [sequence, digest, workspace])
    transaction.on_commit(partial(counts.audit_events.inc, len(events)))


def lock_head(cursor: Any, workspace: str) -> tuple[int, str]:
    """Sequence and digest of the newest event of a workspace."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    cursor.execute(FIND_HEAD + lock, [workspace])
    found: tuple[int, str] | None = cursor.fetchone()
    if found is None:
        head, _ = Chain.objects.select_for_update().get_or_create(workspace=workspace)
        found = head.sequence, head.digest
    return found


def prepare_fields(event: Event) -> None:
    """Make all values storable, and commit to those that can be erased."""
    for name, length in TEXTS:
        if (value := getattr(event, name)) is not None:  # the database refuses what is missing
            setattr(event, name, sanitize_text(value)[:length])
    event.answer = anonymize(make_storable(event.answer))
    event.key_label, event.target_name = anonymize(event.key_label), anonymize(event.target_name)
    event.commitments = {}
    salts = secrets.token_hex(SALT_DIGITS // 2 * len(PERSONAL))
    for place, name in enumerate(PERSONAL):
        salt = salts[place * SALT_DIGITS :][:SALT_DIGITS]
        setattr(event, f"{name}_salt", salt)
        event.commitments[name] = hash_personal_value(getattr(event, name), salt)
