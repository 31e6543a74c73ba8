"""The query of a saved view: what belongs to a moment left out, compared, and in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import QueryDict

from loopsweb.resources.lists.preferences import label_column
from loopsweb.ui.filters import ListSpec
from loopsweb.ui.url_text import remove_nul

OF_A_MOMENT = ("page", "v")
LABELS = {"q": "Search", "at": "As of", "idle": "Idle for at least"}  # in no spec
SPECS: dict[str, ListSpec] = {}  # of LISTS


def register_list(listed: str, spec: ListSpec) -> None:
    """Let the page of saved views know the filters and orders of a list."""
    SPECS[listed] = spec


def normalize_query(text: str) -> str:
    kept = QueryDict(remove_nul(text).removeprefix("?"), mutable=True)
    for name in OF_A_MOMENT:
        kept.pop(name, None)
    return kept.urlencode()


def is_same_query(one: str, other: str) -> bool:
    """Whether both list the same. Empty fields say nothing."""
    return list_given(one) == list_given(other)


def list_given(text: str) -> list[tuple[str, list[str]]]:
    lists = QueryDict(normalize_query(text)).lists()
    return sorted((name, given) for name, values in lists if (given := list(filter(None, values))))


def describe_query(listed: str, text: str) -> Iterator[tuple[str, str]]:
    """The label and value of each search, filter and order, in the words of the list. What the list
    ignores is left out."""
    spec = SPECS[listed]
    filters = {one.name: one for one in spec.filters}
    for name, values in list_given(text):
        for value in values:
            if name in filters:
                yield filters[name].label, filters[name].describe(value)
            elif name in LABELS:
                yield LABELS[name], value
            elif name == "sort" and (column := value.removeprefix("-")) in spec.sorts:
                order = "descending" if value.startswith("-") else "ascending"
                yield "Order", f"{label_column(listed, column)}, {order}"
