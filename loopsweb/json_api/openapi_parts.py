"""Schemas shared by several operations of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.cursors import PLACE
from loopsweb.ui.problems import MEDIA_TYPE

TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
TEXT_OR_NULL = {"type": ["string", "null"]}
TEXT = {"type": "string"}
COUNT = {"type": "integer"}
COMMON_PROBLEMS = {
    "401": "No token, or one that is unknown, expired or revoked.",
    "429": "Too many requests. Wait for the seconds in Retry-After.",
    "503": "The database cannot be used. Wait for the seconds in Retry-After.",
}


def path_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": TEXT | schema}


WORKSPACE = path_parameter("workspace", {"pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 60})


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


PROBLEM = object_schema({"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT})


def problem_responses(descriptions: dict[str, str]) -> dict[str, Any]:
    """descriptions: {status: text}, to which COMMON_PROBLEMS are added."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    texts = sorted((COMMON_PROBLEMS | descriptions).items())
    return {status: {"description": text, "content": content} for status, text in texts}


def describe_before(name: str) -> dict[str, Any]:
    return {
        "name": "before",
        "in": "query",
        "description": "The `next_before` of the answer before, to continue behind its last item. "
        "Nothing is repeated or skipped, whatever is added or ends meanwhile. `page` counts from "
        "it.",
        "schema": {"type": "string", "pattern": rf"^{name}\.{PLACE}$"},
    }


def describe_integer(name: str, *, default: int, maximum: int) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": maximum, "default": default}
    return {"name": name, "in": "query", "schema": schema}
