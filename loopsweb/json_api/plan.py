"""What a clean-up would keep, as on its page, to be read by scripts. Nothing is requested here."""

from __future__ import annotations

from typing import Any

from django.forms import IntegerField
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone

from loopsweb.accounts.models import Workspace
from loopsweb.json_api.authentication import require_token
from loopsweb.json_api.cursors import encode_cursor
from loopsweb.json_api.freshness import describe_freshness
from loopsweb.json_api.query_parameters import (
    DEFAULT_SIZE,
    MAX_SIZE,
    bad_request,
    check_names,
    parse_cursor,
    parse_integer,
)
from loopsweb.json_api.schemas import to_json
from loopsweb.resources.cleanups.forms import MAX_ID, RulesForm
from loopsweb.resources.cleanups.page import Line, describe
from loopsweb.resources.cleanups.plan import GOES, LABELS, Part, Rules
from loopsweb.resources.cleanups.plan_page import count, load_plan
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.ui.filters import build_order

NAME = "plan"
RULES = RulesForm.base_fields.keys()
PARAMETERS = {"before", "page_size", "show", *RULES}
NOTHING = Part("", "", 0, 0, 0)


@require_token
def show_plan(request: HttpRequest, workspace: Workspace, resource_name: str) -> HttpResponse:
    """The checkpoints with the verdict `show`, the newest first; those that would go by default."""
    check_names(request.GET, PARAMETERS)
    rules = parse_rules(request.GET)
    shown = str(request.GET.get("show", GOES))
    if shown not in LABELS:
        raise bad_request(f"show must be one of {', '.join(LABELS)}.")
    size = parse_integer(request.GET, "page_size", default=DEFAULT_SIZE, maximum=MAX_SIZE)
    judged, worked_out = load_plan(workspace, rules, now=timezone.now())
    before = parse_cursor(request.GET, NAME, "created_at", is_time=True)
    rows = judged.filter(before, verdict=shown)
    found = list(
        rows.defer("raw").order_by(build_order(rows.model, "created_at"), "-pk")[: size + 1]
    )
    items = found[:size]
    has_more = len(found) > size
    return JsonResponse(
        {
            **describe_freshness(load_freshness(workspace), "checkpoints", "runs", "samplers"),
            "worked_out_at": to_json(worked_out.at),
            "rules": {name: to_json(getattr(rules, name)) for name in RULES},
            "parts": [
                describe_part(verdict, worked_out.parts.get(verdict, NOTHING)) for verdict in LABELS
            ],
            "show": shown,
            "total": count(worked_out.parts, shown),
            "next_before": encode_cursor(items[-1], NAME, "created_at") if has_more else None,
            "items": [describe_line(line) for line in describe(workspace, items)],
        }
    )


def parse_rules(params: QueryDict) -> Rules:
    """As the form has them, but nothing is stripped or left empty. Raises Problem."""
    for name in RULES & params.keys():
        given, field = str(params[name]), RulesForm.base_fields[name]
        if not given or len(given) > MAX_ID:
            raise bad_request(f"{name} must have 1 to {MAX_ID} characters.")
        if isinstance(field, IntegerField) and not (given.isascii() and given.isdecimal()):
            raise bad_request(f"{name} must be a whole number.")
    form = RulesForm(params)
    for name, errors in form.errors.items():
        raise bad_request(f"{name}: {' '.join(map(str, errors))}")
    return form.rules


def describe_part(verdict: str, part: Part) -> dict[str, Any]:
    return {
        "verdict": verdict,
        "meaning": LABELS[verdict],
        "checkpoints": part.number,
        "size_bytes": part.bytes,
        "of_unknown_size": part.unsized,
    }


def describe_line(line: Line) -> dict[str, Any]:
    row = line.row
    values = {
        "id": row.remote_id,
        "name": row.name,
        "target": row.target,
        "uri": row.uri,
        "run_id": row.run_remote_id,
        "owner": line.owner,
        "size_bytes": row.size_bytes,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
    }
    starts = [
        {
            "noun": start.noun,
            "id": start.remote_id,
            "has_ended": start.has_ended,
            "source": start.source,
        }
        for start in line.starts
    ]
    return {name: to_json(value) for name, value in values.items()} | {"started_from_it": starts}
