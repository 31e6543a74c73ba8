"""Schemas shared by several operations of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.json_api.problems import MEDIA_TYPE

TIME_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
TEXT_OR_NULL = {"type": ["string", "null"]}
WORKSPACE = {
    "name": "workspace",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 60},
}


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


PROBLEM = object_schema(
    {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    }
)


def problem_responses(descriptions: Mapping[str, str]) -> dict[str, Any]:
    """descriptions: {status: text}."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": text, "content": content} for status, text in descriptions.items()
    }
