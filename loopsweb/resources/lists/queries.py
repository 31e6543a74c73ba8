"""The query of a saved view: what belongs to a moment left out, compared, and in words."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import QueryDict

from loopsweb.ui.filter_values import decode_value
from loopsweb.ui.url_text import remove_nul

OF_A_MOMENT = ("page", "v")
LABELS = {"q": "Search", "sort": "Order", "run_id": "Run ID", "checkpoint_path": "bt:// URI"}


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


def describe_query(text: str) -> Iterator[tuple[str, str]]:
    """The label and value of each search, filter and order."""
    for name, values in list_given(text):
        label = LABELS.get(name, name.replace("_", " ").capitalize())
        for value in values:
            yield label, describe_order(value) if name == "sort" else decode_value(value) or "none"


def describe_order(sort: str) -> str:
    words = sort.removeprefix("-").replace("_", " ")
    return f"by {words}, descending" if sort.startswith("-") else f"by {words}"
