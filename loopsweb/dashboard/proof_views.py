"""What proves the record: a verification when asked for, and an export that carries its proof.

Each reads the whole trail or adds to it, so one person asks for each ten times a minute at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts import rate_limits
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.chain import checkpoints, checks, trail
from loopsweb.audit.chain.format import canonical
from loopsweb.audit.chain.verifier import Broken
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor, record
from loopsweb.ui.errors import page

CONFLICT, TOO_MANY = 409, 429
View = Callable[[WorkspaceRequest], HttpResponseBase]


def limited(action: str) -> Callable[[View], View]:
    """Put it inside of what checks who may. Says it, too, where the trail does not hold."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: WorkspaceRequest) -> HttpResponseBase:
            try:
                rate_limits.take(request, action)
                return view(request)
            except rate_limits.TooOften as error:
                return page(request, TOO_MANY, "Too often", str(error))
            except Broken as broken:
                text = f"So nothing is signed. {broken}"
                return page(request, CONFLICT, "The trail does not hold", text)

        return guarded

    return decorate


@require(Permission.EXPORT)
@require_POST
@limited("verify")
def verification(request: WorkspaceRequest) -> HttpResponse:
    found = checks.check(request.workspace.slug, now=timezone.now())
    if found.problem:
        messages.error(request, f"The trail does not hold. {found.problem}")
    else:
        messages.success(request, f"Every link holds, up to #{found.verified_sequence}.")
    return redirect("dashboard:audit", request.workspace.slug)


@require(Permission.EXPORT)
@limited("export")
def export(request: WorkspaceRequest) -> HttpResponseBase:
    """JSONL for `python -m loopsweb.audit.verify`; that it was taken is its own last link."""
    now = taken(request, "with proof")
    lines = trail.export(request.workspace.slug, now=now)
    return as_file(request, StreamingHttpResponse(lines), f"audit-{now:%Y%m%dT%H%M%SZ}.jsonl")


@require(Permission.EXPORT)
@limited("head")
def head(request: WorkspaceRequest) -> HttpResponseBase:
    """Signed now, for whoever keeps it: the trail up to here is verified against it later."""
    now = taken(request, "signed head")
    signed = trail.keep_signed(request.workspace.slug, now=now, handed_to=checkpoints.DOWNLOAD).head
    line = HttpResponse(canonical(signed) + b"\n")
    return as_file(request, line, f"head-{signed['sequence']}.jsonl")


def taken(request: WorkspaceRequest, what: str) -> datetime:
    """When it was, which the trail tells before anything leaves."""
    now = timezone.now()
    record(
        **actor(request),
        action="audit.export",
        outcome=Outcome.SUCCEEDED,
        target_noun="audit",
        target_name=what,
        now=now,
    )
    return now


def as_file(request: WorkspaceRequest, answer: HttpResponseBase, name: str) -> HttpResponseBase:
    answer["Content-Type"] = "application/jsonl"
    answer["Content-Disposition"] = f'attachment; filename="{request.workspace.slug}-{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
