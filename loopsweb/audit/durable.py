"""Record first: an action starts only once its audit event is committed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from loopsweb.ui.errors import OUTAGES

CAUSES = (  # (a part of the message of SQLite or PostgreSQL, what it means)
    ("full", "the disk is full"),
    ("space", "the disk is full"),
    ("read-only", "the database is read-only"),
    ("readonly", "the database is read-only"),
    ("lock", "the database was locked for too long"),
)


LOST = (
    "The connection to the database was lost while this was recorded. It may have been recorded "
    "all the same, and may still be carried out. Look at the audit page before you try again."
)


class NotRecorded(Exception):
    """The audit event could not be written, so nothing was sent. The message says why.

    is_committing: the commit was under way. Unless the database says that it failed, it may not
    have.
    """

    def __init__(self, error: BaseException, *, is_committing: bool = False) -> None:
        message = str(error).lower()
        causes = [cause for part, cause in CAUSES if part in message]
        if is_committing and not causes:
            super().__init__(LOST)
            return
        cause = causes[0] if causes else "the database does not respond"
        super().__init__(
            f"Nothing was sent to the API, because the audit trail cannot be written: {cause}. "
            "Try again in a moment. If the problem persists, contact your loopsweb administrator."
        )


@contextmanager
def durable_transaction() -> Iterator[None]:
    """An outermost transaction: its audit event is on disk once the block ends.

    Raises NotRecorded when the database is unreachable, full, read-only or locked.
    """
    is_committing = False
    try:
        with transaction.atomic(durable=True):
            yield
            is_committing = True
    except OUTAGES as error:
        raise NotRecorded(error, is_committing=is_committing) from error
