"""The OpenAPI document, built from the same table as the API."""

from __future__ import annotations

from typing import Any

from loopsweb.json_api.openapi_deactivation import describe_deactivation
from loopsweb.json_api.openapi_parts import (
    COUNT,
    PROBLEM,
    TEXT_OR_NULL,
    TIME_OR_NULL,
    WORKSPACE,
    describe_before,
    describe_integer,
    object_schema,
    problem_responses,
)
from loopsweb.json_api.openapi_plan import describe_plan
from loopsweb.json_api.query_parameters import DEFAULT_SIZE, MAX_LENGTH, MAX_PAGE, MAX_SIZE
from loopsweb.json_api.schemas import (
    ANY,
    FLAG,
    INTEGER,
    NAMES,
    NUMBER,
    RESOURCES,
    TEXT,
    TIME,
    Resource,
)
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.ui import search

ABOUT = (
    "Read a loopsweb workspace. Lists show what the Loops API returned at `as_of`; null means that "
    "it sent no value. `not_in_the_answers_since` is when its answers stopped including something, "
    "which does not mean that it stopped. `not_in_the_last_answer` names fields of the Loops API: "
    "the last answer left them out, so their values are from an earlier one. `gpus_held` and "
    "`cost_per_hour` (USD) of a deployment are those of the pair, or of the trainer only, as "
    "`gpus_of` and `cost_of` say; what is serverless holds no GPUs and costs nothing while idle. "
    "`gpus` and `usd_per_hour` are those figures of runs, samplers and deployments alike, and "
    "`cost_source` says who gives the price. `idle_seconds` have passed since `last_work_at`, the "
    "last sign of work; null means that no GPUs are held, that work goes on (`busy` or `serving` "
    "in `last_work_sign`), or that it is not known. A token that may act can also deactivate "
    "deployments, runs and samplers. To read a list whole, "
    "ask again with `before` until `next_before` is null."
)
PROBLEM_TEXTS = {
    "400": "A parameter is invalid.",
    "403": "This team requires MFA; the token's owner has none.",
    "404": "The token gives no access to this workspace.",
    "405": "Read lists with GET.",
    "422": "The search is too long.",
}
# What separates words, written out because \s is not the same everywhere.
WHITE_SPACE = r"\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
IDLE = {
    "name": "idle",
    "in": "query",
    "description": "At least so long without a sign of work, such as 90m, 2h or 1d.",
    "schema": {"type": "string", "pattern": r"^(?=.)([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?$"},
}
FIELD_SCHEMAS: dict[str, dict[str, Any]] = {
    ANY: {},
    INTEGER: {"type": ["integer", "null"]},
    NUMBER: {"type": ["number", "null"]},
    FLAG: {"type": "boolean"},
    NAMES: {"type": "array", "items": {"type": "string"}},
    TEXT: TEXT_OR_NULL,
    TIME: TIME_OR_NULL,
}


def build_document() -> dict[str, Any]:
    root = "/api/v1/w/{workspace}"
    lists = {f"{root}/{name}/": {"get": describe_list(name)} for name in RESOURCES}
    deactivations = {
        f"{root}/{kind.plural}/{{id}}/deactivation/": {"post": describe_deactivation(kind)}
        for kind in KINDS.values()
    }
    plan = {f"{root}/checkpoints/plan/": {"get": describe_plan()}}
    pages = {name: build_page_schema(resource) for name, resource in RESOURCES.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "loopsweb", "version": "1", "description": ABOUT},
        "security": [{"token": []}],
        "paths": lists | plan | deactivations,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Problem": PROBLEM, **pages},
        },
    }


def describe_list(name: str) -> dict[str, Any]:
    """name: a key of RESOURCES."""
    resource = RESOURCES[name]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {
        "operationId": f"list_{name}",
        "summary": resource.about,
        "parameters": [
            WORKSPACE,
            describe_before(name),
            describe_integer("page", default=1, maximum=MAX_PAGE),
            describe_integer("page_size", default=DEFAULT_SIZE, maximum=MAX_SIZE),
            describe_search(),
            *(describe_filter(each) for each in resource.filters),
            *([IDLE] if resource.can_idle else []),
        ],
        "responses": {
            "200": {"description": "A page.", "content": content},
            **problem_responses(PROBLEM_TEXTS),
        },
    }


def describe_search() -> dict[str, Any]:
    space, word = rf"[{WHITE_SPACE}]", rf"[^{WHITE_SPACE}\x00]"
    words = rf"^{space}*({word}+{space}+){{0,{search.MAX_WORDS - 1}}}{word}*{space}*$"
    schema = {"type": "string", "pattern": words}
    about = (
        f"At most {search.MAX_WORDS} words and {search.MAX_LENGTH} characters. Finds what has all "
        "of the words in its names, ids or people, in any case and Unicode form."
    )
    return {"name": "q", "in": "query", "description": about, "schema": schema}


def describe_filter(name: str) -> dict[str, Any]:
    """Filters accept any character except NUL."""
    kind = {"format": "uuid"} if name == "incident" else {"pattern": "^[^\\x00]+$"}
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, **kind}
    return {"name": name, "in": "query", "schema": schema}


def build_page_schema(resource: Resource) -> dict[str, Any]:
    kinds = {name: kind for name, (_, kind) in resource.fields.items()} | resource.figures
    item = {name: FIELD_SCHEMAS[kind] for name, kind in kinds.items()}
    properties = {
        "as_of": TIME_OR_NULL,
        "failing_since": TIME_OR_NULL,
        "error": TEXT_OR_NULL,
        **dict.fromkeys(("total", "total_not_in_the_last_answer", "page", "pages"), COUNT),
        "next_before": TEXT_OR_NULL,
        "items": {"type": "array", "items": object_schema(item)},
    }
    return object_schema(properties)
