"""The plan of a clean-up in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.openapi_parts import (
    COUNT,
    TEXT,
    TEXT_OR_NULL,
    TIME_OR_NULL,
    WORKSPACE,
    describe_before,
    describe_integer,
    object_schema,
    problem_responses,
)
from loopsweb.json_api.plan import NAME
from loopsweb.json_api.query_parameters import DEFAULT_SIZE, MAX_SIZE
from loopsweb.resources.cleanups.forms import MAX_DAYS, MAX_EVERY, MAX_ID, MAX_NEWEST
from loopsweb.resources.cleanups.plan import GOES, LABELS, Rules

COUNT_OR_NULL = {"type": ["integer", "null"]}
VERDICT = {"type": "string", "enum": list(LABELS)}
TARGET = {"type": "string", "enum": ["trainer", "sampler"]}
ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID, "pattern": r"^[^\x00]+$"}
RULES: dict[str, tuple[dict[str, Any], str]] = {
    "newest": (
        {"type": "integer", "minimum": 0, "maximum": MAX_NEWEST, "default": Rules.newest},
        "How many are kept of each run, of trainer and sampler weights each.",
    ),
    "every": (
        {"type": "integer", "minimum": 1, "maximum": MAX_EVERY},
        "Steps that it divides are kept.",
    ),
    "older_than": (
        {"type": "integer", "minimum": 0, "maximum": MAX_DAYS},
        "Days; younger ones are left alone.",
    ),
    "run_id": (ID, "Only those of this run may go."),
    "base_model": (ID, "Only those of this base model may go."),
    "owner": (ID, "Only those of this person's runs may go."),
    "target": (TARGET, "Only these weights may go."),
    "checkpoint": (ID, "Only the checkpoint of this id may go."),
}
START = object_schema(
    {"noun": TEXT, "id": TEXT, "has_ended": {"type": "boolean"}, "source": TEXT_OR_NULL}
)
ITEM = object_schema(
    {
        "id": TEXT,
        **dict.fromkeys(("name", "target", "uri", "run_id", "owner"), TEXT_OR_NULL),
        "size_bytes": COUNT_OR_NULL,
        "created_at": TIME_OR_NULL,
        "expires_at": TIME_OR_NULL,
        "started_from_it": {"type": "array", "items": START},
    }
)
PART = object_schema(
    {"verdict": VERDICT, "meaning": TEXT}
    | dict.fromkeys(("checkpoints", "size_bytes", "of_unknown_size"), COUNT)
)
RULE_SCHEMAS = {
    name: COUNT_OR_NULL if schema["type"] == "integer" else TEXT_OR_NULL
    for name, (schema, _) in RULES.items()
}
ANSWER = object_schema(
    {
        "as_of": TIME_OR_NULL,
        "failing_since": TIME_OR_NULL,
        "error": TEXT_OR_NULL,
        "worked_out_at": TIME_OR_NULL,
        "rules": object_schema(RULE_SCHEMAS),
        "parts": {"type": "array", "items": PART},
        "show": VERDICT,
        "total": COUNT,
        "next_before": TEXT_OR_NULL,
        "items": {"type": "array", "items": ITEM},
    }
)
SHOW_TEXT = (
    f"Which of the `parts` is listed in `items`: `{GOES}` for what would go, or the reason for "
    "which the others are kept."
)
PROBLEM_TEXTS = {
    "400": "A parameter is invalid.",
    "403": "This team requires MFA; the token's owner has none.",
    "404": "The token gives no access to this workspace.",
    "405": "Read the plan with GET.",
}


def describe_plan() -> dict[str, Any]:
    show = {"name": "show", "in": "query", "schema": VERDICT | {"default": GOES}}
    return {
        "operationId": "plan_cleanup",
        "summary": "What a clean-up by these rules would keep, and what would go. Nothing changes "
        "by reading it. Whatever is not known for certain is kept.",
        "parameters": [
            WORKSPACE,
            describe_before(NAME),
            describe_integer("page_size", default=DEFAULT_SIZE, maximum=MAX_SIZE),
            show | {"description": SHOW_TEXT},
            *(
                {"name": name, "in": "query", "description": about, "schema": schema}
                for name, (schema, about) in RULES.items()
            ),
        ],
        "responses": {
            "200": {
                "description": "The newest of them first.",
                "content": {"application/json": {"schema": ANSWER}},
            },
            **problem_responses(PROBLEM_TEXTS),
        },
    }
