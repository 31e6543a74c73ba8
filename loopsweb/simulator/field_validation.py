"""Reads and validates fields of a body or a query. Invalid ones are 400."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeGuard

from loopsweb.simulator.http_messages import ApiError

_INTEGER = re.compile(r"-?[0-9]{1,18}")


def refuse_unknown(body: Mapping[str, Any], known: Collection[str]) -> None:
    """422 for a field that the route does not have."""
    unknown = [name for name in body if name not in known]
    if unknown:
        message = f"Extra fields are not permitted: {', '.join(sorted(unknown))}."
        raise ApiError(422, message, "UNKNOWN_FIELD")


def read_text(body: Mapping[str, Any], name: str) -> str:
    """A required, non-empty string."""
    value = read_optional_text(body, name)
    if value is None:
        raise ApiError(400, f"{name} is required.")
    return value


def read_optional_text(
    body: Mapping[str, Any], name: str, *, max_length: int | None = None
) -> str | None:
    """A non-empty string, or None when it is absent or null."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ApiError(400, f"{name} must be a string.")
    if not value or (max_length is not None and len(value) > max_length):
        bound = (
            "must not be empty" if max_length is None else f"must have 1 to {max_length} characters"
        )
        raise ApiError(400, f"{name} {bound}.")
    return value


def read_integer(
    body: Mapping[str, Any], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    """An integer within bounds, or the default when it is absent or null."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiError(400, f"{name} must be an integer.")
    if value < least or (most is not None and value > most):
        bound = f"at least {least}" if most is None else f"between {least} and {most}"
        raise ApiError(400, f"{name} must be {bound}.")
    return value


def read_query_integer(
    query: Mapping[str, str], name: str, *, default: int, least: int, most: int | None = None
) -> int:
    """A decimal integer of the query within bounds, or the default when it is absent."""
    given = {key: int(text) for key, text in query.items() if _INTEGER.fullmatch(text)}
    return read_integer({**query, **given}, name, default=default, least=least, most=most)


def read_choice(values: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str | None:
    """One of the allowed values, or None when it is absent or null."""
    value = values.get(name)
    if value is None or value in allowed:
        return value
    raise ApiError(400, f"{name} must be one of {', '.join(allowed)}.")


def is_text_list(value: object) -> TypeGuard[list[str]]:
    """True if it is a list of at least one string and nothing else."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
