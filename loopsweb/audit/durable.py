"""No trace, no action: what comes after `committed` may rely on the record being on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from loopsweb.ui.errors import OUTAGES

REASONS = (  # (what SQLite or PostgreSQL says of it, what that means)
    ("full", "its disk is full"),
    ("space", "its disk is full"),
    ("read-only", "it is read-only"),
    ("readonly", "it is read-only"),
    ("lock", "others have been writing to it for too long"),
)


class NotRecorded(Exception):
    """The record was not written, so nothing was asked of the API. The message says why."""

    def __init__(self, cause: BaseException) -> None:
        said = str(cause).lower()
        why = next((means for sign, means in REASONS if sign in said), "it does not answer")
        super().__init__(
            f"Nothing was asked of the API, because the audit trail cannot be written: {why}. "
            "Try again in a moment; if this stays, tell whoever runs loopsweb."
        )


@contextmanager
def committed() -> Iterator[None]:
    """A transaction that holds the record of what is about to be done, and is no other's part.

    Raises NotRecorded where the database is lost, full, read-only or held by others.
    """
    try:
        with transaction.atomic(durable=True):
            yield
    except OUTAGES as error:
        raise NotRecorded(error) from error
