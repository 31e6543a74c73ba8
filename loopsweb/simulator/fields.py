"""Reading values out of a body or a query, or saying what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .exchange import Refusal

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def text(body: Mapping[str, Any], name: str) -> str:
    """A required string with something in it."""
    value = optional_text(body, name)
    if value is None:
        raise Refusal(400, f"{name} is required.")
    return value


def optional_text(body: Mapping[str, Any], name: str, *, longest: int | None = None) -> str | None:
    """A string, or None when it is absent or null."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Refusal(400, f"{name} must be a string.")
    if not value or (longest is not None and len(value) > longest):
        bound = "must not be empty" if longest is None else f"must have 1 to {longest} characters"
        raise Refusal(400, f"{name} {bound}.")
    return value


def integer(
    body: Mapping[str, Any], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    """A whole number within bounds; the default when it is absent or null."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(400, f"{name} must be an integer.")
    return _bounded(value, name, least, most)


def number_in_query(
    query: Mapping[str, str], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    """A whole number in decimal digits out of the query."""
    value = query.get(name)
    if value is None:
        return default
    if _INTEGER.fullmatch(value) is None:
        raise Refusal(400, f"{name} must be an integer.")
    return _bounded(int(value), name, least, most)


def choice(values: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    """One of the allowed words, or None when it is absent or null."""
    value = values.get(name)
    if value is None or value in allowed:
        return value
    raise Refusal(400, f"{name} must be one of {', '.join(allowed)}.")


def _bounded(value: int, name: str, least: int, most: int | None) -> int:
    if value < least or (most is not None and value > most):
        bound = f"at least {least}" if most is None else f"between {least} and {most}"
        raise Refusal(400, f"{name} must be {bound}.")
    return value
