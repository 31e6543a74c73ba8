"""Query parameters of the lists. Unknown or invalid ones are refused, not ignored."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

from django.db.models import Q
from django.http import QueryDict

from loopsweb.json_api.cursors import InvalidCursor, match_before
from loopsweb.json_api.problems import Problem
from loopsweb.json_api.schemas import RESOURCES, TIME, Resource
from loopsweb.ui.durations import MALFORMED, parse_duration
from loopsweb.ui.search import explain_refusal, match_words

DEFAULT_SIZE, MAX_SIZE, MAX_PAGE = 50, 500, 1_000_000
MAX_LENGTH = 300


@dataclass(frozen=True, slots=True)
class PageQuery:
    """condition: of the filters and the search. before: the rows after the cursor, all without
    one. idle: for how long at least the rows have been idle, None for all rows."""

    page: int
    page_size: int
    condition: Q
    before: Q
    idle: timedelta | None = None


def parse_query(params: QueryDict, name: str) -> PageQuery:
    """name: a key of RESOURCES. Raises Problem."""
    resource = RESOURCES[name]
    known = {"before", "page", "page_size", "q", *resource.filters}
    known |= {"idle"} if resource.can_idle else set()
    check_names(params, known)
    return PageQuery(
        page=parse_integer(params, "page", default=1, maximum=MAX_PAGE),
        page_size=parse_integer(params, "page_size", default=DEFAULT_SIZE, maximum=MAX_SIZE),
        condition=parse_search(params, resource) & parse_filters(params, resource),
        before=parse_before(params, name),
        idle=parse_idle(params),
    )


def check_names(params: QueryDict, known: Collection[str]) -> None:
    """Raises Problem for a name that is not known, or given twice."""
    for given in params:
        if given not in known:
            raise bad_request(
                f"Unknown parameter {given!r}. Known parameters: {', '.join(sorted(known))}."
            )
        if len(params.getlist(given)) > 1:
            raise bad_request(f"{given} is given more than once.")


def parse_idle(params: QueryDict) -> timedelta | None:
    if "idle" not in params:
        return None
    duration = parse_duration(str(params["idle"]))
    if duration is None:
        raise bad_request(f"idle: {MALFORMED}")
    return duration


def parse_before(params: QueryDict, name: str) -> Q:
    resource = RESOURCES[name]
    is_time = resource.fields[resource.newest][1] == TIME
    return parse_cursor(params, name, resource.newest, is_time=is_time)


def parse_cursor(params: QueryDict, name: str, field: str, *, is_time: bool) -> Q:
    """What comes after the cursor in the list `name`, whose newest by `field` come first; all of it
    without one. Raises Problem."""
    if "before" not in params:
        return Q()
    try:
        return match_before(str(params["before"]), name, field, is_time=is_time)
    except InvalidCursor:
        raise bad_request("before must be the next_before of an answer to the same list.") from None


def parse_filters(params: QueryDict, resource: Resource) -> Q:
    named = [name for name in resource.filters if name in params]
    return Q(**{resource.fields[name][0]: parse_text(params, name) for name in named})


def parse_search(params: QueryDict, resource: Resource) -> Q:
    search = str(params.get("q", ""))
    refusal = "NUL is not allowed." if "\x00" in search else explain_refusal(search)
    if refusal:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"q: {refusal}")
    return match_words(search, resource.search)


def parse_integer(params: QueryDict, name: str, *, default: int, maximum: int) -> int:
    given = params.get(name, str(default))
    is_number = given.isascii() and given.isdecimal() and len(given) <= len(str(maximum))
    if not is_number or not 1 <= int(given) <= maximum:
        raise bad_request(f"{name} must be a whole number from 1 to {maximum}.")
    return int(given)


def parse_text(params: QueryDict, name: str) -> str:
    given = str(params.get(name, ""))
    if not given or len(given) > MAX_LENGTH or "\x00" in given:
        raise bad_request(f"{name} must have 1 to {MAX_LENGTH} characters.")
    if name == "incident":
        try:
            return str(UUID(given))
        except ValueError:
            raise bad_request("incident must be a UUID.") from None
    return given


def bad_request(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
