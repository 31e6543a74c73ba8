"""Which columns of a list the server fills. The others are hidden."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import BooleanField, Field, Q

from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.csv_export import read_path
from loopsweb.ui.listing import ListQuery

ColumnPaths = Mapping[str, Collection[str]]  # {column: paths to attributes of a line that fill it}


def build_conditions(model: type[Snapshot], columns: ColumnPaths) -> dict[str, Q]:
    """For each column that a row itself may fill: the rows that do."""
    fields = {one.name: one for one in model._meta.concrete_fields}
    owned = {
        column: [path.removeprefix(f"{model.noun}.") for path in paths]
        for column, paths in columns.items()
    }
    filled = {
        column: [is_filled(fields[path]) for path in paths if path in fields]
        for column, paths in owned.items()
    }
    return {column: reduce(or_, conditions) for column, conditions in filled.items() if conditions}


def is_filled(field: Field[Any, Any]) -> Q:
    if isinstance(field, BooleanField):
        return Q(**{field.name: True})
    return Q(**{f"{field.name}__isnull": False}) if field.null else ~Q(**{field.name: ""})


def find_hidden(
    columns: ColumnPaths,
    filled: Collection[str],
    lines: Sequence[Any],
    query: ListQuery,
    *,
    unwanted: Collection[str] = (),
) -> set[str]:
    """The columns that neither `filled` names nor a line of the page fills, and those that are
    `unwanted`. One that the list is filtered or sorted by is shown in any case."""
    asked = {*query.chosen, *([] if query.is_default_sort else [query.sort.removeprefix("-")])}
    disliked = {column for column in columns if column in unwanted and column not in asked}
    empty = [column for column in columns if column not in filled and column not in asked]
    return disliked | {
        column
        for column in empty
        if not any(has_value(read_path(line, path)) for line in lines for path in columns[column])
    }


def has_value(value: Any) -> bool:
    """Zero is a value."""
    return value is not None and value is not False and value != ""
