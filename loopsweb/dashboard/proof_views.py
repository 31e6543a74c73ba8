"""What proves the record: a verification when asked for, and an export that carries its proof."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.audit import checking, trail
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor, record


@require(Permission.EXPORT)
@require_POST
def verification(request: WorkspaceRequest) -> HttpResponse:
    found = checking.check(request.workspace.slug, now=timezone.now())
    if found.problem:
        messages.error(request, f"The trail does not hold. {found.problem}")
    else:
        messages.success(request, f"Every link holds, up to #{found.verified_sequence}.")
    return redirect("dashboard:audit", request.workspace.slug)


@require(Permission.EXPORT)
def export(request: WorkspaceRequest) -> HttpResponseBase:
    """JSONL for `python -m loopsweb.audit.verify`; that it was taken is its own last link."""
    now, slug = timezone.now(), request.workspace.slug
    record(
        **actor(request),
        action="audit.export",
        outcome=Outcome.SUCCEEDED,
        target_noun="audit",
        target_name="with proof",
        now=now,
    )
    answer = StreamingHttpResponse(trail.export(slug, now=now), content_type="application/jsonl")
    answer["Content-Disposition"] = (
        f'attachment; filename="audit-{slug}-{now:%Y%m%dT%H%M%SZ}.jsonl"'
    )
    answer["Cache-Control"] = "private, no-store"
    return answer
