"""What a URL asks for. Anything it says that is not understood is refused, not passed over."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.http import QueryDict

from loopsweb.json_api.problems import Problem
from loopsweb.json_api.schemas import Noun

USUAL_SIZE, LARGEST_SIZE, LAST_PAGE = 50, 500, 1_000_000
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Asked:
    page: int
    page_size: int
    filters: dict[str, str]


def read(params: QueryDict, noun: Noun) -> Asked:
    """Raises Problem."""
    known = {"page", "page_size", *noun.filters}
    for name in params:
        if name not in known:
            raise bad(f"There is no parameter {name!r}; there are {', '.join(sorted(known))}.")
        if len(params.getlist(name)) > 1:
            raise bad(f"{name} is given more than once.")
    return Asked(
        page=whole(params, "page", usual=1, most=LAST_PAGE),
        page_size=whole(params, "page_size", usual=USUAL_SIZE, most=LARGEST_SIZE),
        filters={
            noun.fields[name][0]: text(params, name) for name in noun.filters if name in params
        },
    )


def whole(params: QueryDict, name: str, *, usual: int, most: int) -> int:
    given = params.get(name, str(usual))
    is_number = given.isascii() and given.isdecimal() and len(given) <= len(str(most))
    if not is_number or not 1 <= int(given) <= most:
        raise bad(f"{name} is a whole number from 1 to {most}.")
    return int(given)


def text(params: QueryDict, name: str) -> str:
    given = str(params.get(name, ""))
    if not given or len(given) > LONGEST or "\x00" in given:
        raise bad(f"{name} is a text of 1 to {LONGEST} characters.")
    if name == "incident":
        try:
            return str(UUID(given))
        except ValueError:
            raise bad("incident is a UUID.") from None
    return given


def bad(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
