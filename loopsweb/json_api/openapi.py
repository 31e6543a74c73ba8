"""The description of the JSON API, made of the same table that the API is made of."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.openapi_deactivation import deactivation
from loopsweb.json_api.openapi_parts import (
    PROBLEM,
    TEXT_OR_NULL,
    TIME_OR_NULL,
    WORKSPACE,
    object_of,
    problems,
)
from loopsweb.json_api.query_parameters import LARGEST_SIZE, LAST_PAGE, LONGEST, USUAL_SIZE
from loopsweb.json_api.schemas import ANY, INTEGER, NOUNS, TIME, Noun
from loopsweb.resources.deactivations.targets import KINDS

ABOUT = (
    "A workspace of loopsweb, to read. What is listed was read from the Loops API at `as_of`; "
    "null is what that API did not say. `not_in_the_answers_since` tells since when its answers no "
    "longer name something, which does not mean that it stopped. A token that may act also ends "
    "deployments, runs and samplers."
)
PROBLEMS = {
    "400": "A parameter is not understood.",
    "401": "No token, or one that is unknown, expired or revoked.",
    "403": "The team demands a second factor of this token's person.",
    "404": "The token does not open this workspace.",
    "405": "Lists are read by GET.",
    "429": "Too often: wait as long as Retry-After says, in seconds.",
}


def document() -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "loopsweb", "version": "1", "description": ABOUT},
        "security": [{"token": []}],
        "paths": {
            f"/api/v1/w/{{workspace}}/{name}/": {"get": operation(name, noun)}
            for name, noun in NOUNS.items()
        }
        | {
            f"/api/v1/w/{{workspace}}/{kind.plural}/{{id}}/deactivation/": {
                "post": deactivation(kind)
            }
            for kind in KINDS.values()
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM} | {n: page_of(noun) for n, noun in NOUNS.items()},
        },
    }


def operation(name: str, noun: Noun) -> dict[str, Any]:
    answer = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return {
        "operationId": f"list_{name}",
        "summary": noun.about,
        "parameters": [
            WORKSPACE,
            number("page", usual=1, most=LAST_PAGE),
            number("page_size", usual=USUAL_SIZE, most=LARGEST_SIZE),
            *(filter_(each) for each in noun.filters),
        ],
        "responses": {
            "200": {"description": "A page.", "content": {"application/json": answer}},
            **problems(PROBLEMS),
        },
    }


def number(name: str, *, usual: int, most: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": usual}
    return {"name": name, "in": "query", "schema": schema}


def filter_(name: str) -> dict[str, Any]:
    """NUL is the one character no filter takes."""
    schema: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": LONGEST}
    schema |= {"format": "uuid"} if name == "incident" else {"pattern": "^[^\\x00]+$"}
    return {"name": name, "in": "query", "schema": schema}


def page_of(noun: Noun) -> dict[str, Any]:
    item = {name: schema_of(kind) for name, (_, kind) in noun.fields.items()}
    properties = {
        "as_of": TIME_OR_NULL,
        "failing_since": TIME_OR_NULL,
        "error": TEXT_OR_NULL,
        "total": {"type": "integer"},
        "page": {"type": "integer"},
        "pages": {"type": "integer"},
        "items": {"type": "array", "items": object_of(item)},
    }
    return object_of(properties)


def schema_of(kind: str) -> dict[str, Any]:
    if kind == ANY:
        return {}
    if kind == TIME:
        return TIME_OR_NULL
    return {"type": ["integer", "null"]} if kind == INTEGER else TEXT_OR_NULL
