"""Cursors of the lists: the place of one item in the order, newest first.

A cursor stays true while items are added, end or vanish, so that paging neither repeats nor skips
any. Its form is nobody's business but ours: `<list>.<the item's time or number>.<primary
key>`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.db.models import Model, Q

PLACE = r"(-?[0-9]{1,18})?\.([0-9]{1,18})"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)


class InvalidCursor(ValueError):
    pass


def encode_cursor(row: Model, name: str, field: str) -> str:
    value = getattr(row, field)
    if isinstance(value, datetime):
        value = (value - EPOCH) // MICROSECOND
    return f"{name}.{'' if value is None else value}.{row.pk}"


def match_before(cursor: str, name: str, field: str, *, is_time: bool) -> Q:
    """The rows of the list `name` after the cursor's in the order. Raises InvalidCursor."""
    found = re.fullmatch(rf"{name}\.{PLACE}", cursor)
    if found is None:
        raise InvalidCursor
    number, pk = found.groups()
    without = Q(**{f"{field}__isnull": True})
    if number is None:
        return without & Q(pk__lt=int(pk))
    value: int | datetime = int(number)
    if is_time:
        value = to_time(int(number))
    return Q(**{f"{field}__lt": value}) | Q(**{field: value, "pk__lt": int(pk)}) | without


def to_time(microseconds: int) -> datetime:
    """Since the epoch; the earliest or latest time there is where that is out of range."""
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        return LATEST if microseconds > 0 else EARLIEST
