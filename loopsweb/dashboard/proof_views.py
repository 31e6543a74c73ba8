"""Proof of the audit trail: verification on request, the export with proof, the signed head."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.chain import signed_heads
from loopsweb.audit.chain.export import export_chain, export_record
from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.verification import verify_and_store_result
from loopsweb.audit.chain.verifier import BrokenChain
from loopsweb.audit.models import Event
from loopsweb.dashboard.export_events import record_audit_export
from loopsweb.ui.errors import render_error

View = Callable[..., HttpResponseBase]


def limit_proofs(action: str) -> Callable[[View], View]:
    """Limit the rate of an expensive view, and answer 409 when the chain is not valid.

    Goes inside `require`, so that only requests of permitted people count.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: WorkspaceRequest, **given: Any) -> HttpResponseBase:
            enforce_rate_limit(request, action)
            try:
                return view(request, **given)
            except BrokenChain as broken:
                title = "Audit trail verification failed"
                reason = f"Nothing was signed or exported. {broken}"
                return render_error(request, HTTPStatus.CONFLICT, title, reason)

        return wrapped

    return decorate


@require(Permission.EXPORT, noun="audit")
@require_POST
@limit_proofs("verify_chain")
def verify_now(request: WorkspaceRequest) -> HttpResponse:
    chain = verify_and_store_result(request.workspace.slug, now=timezone.now())
    if chain.problem:
        messages.error(request, f"Audit trail verification failed. {chain.problem}")
    else:
        messages.success(request, f"Audit trail verified up to #{chain.verified_sequence}.")
    return redirect("dashboard:audit", request.workspace.slug)


@require(Permission.EXPORT, noun="audit")
@require_POST
@limit_proofs("export")
def download_export(request: WorkspaceRequest) -> HttpResponseBase:
    """JSON lines for `python -m loopsweb.audit.verify`. The last link records this export."""
    now = timezone.now()
    record_audit_export(request, "with proof", now=now)
    response = StreamingHttpResponse(export_chain(request.workspace.slug, now=now))
    return set_download_headers(response, request, f"audit-{now:%Y%m%dT%H%M%SZ}.jsonl")


@require(Permission.EXPORT, noun="audit")
@require_POST
@limit_proofs("export")
def download_record(request: WorkspaceRequest, incident: uuid.UUID) -> HttpResponseBase:
    """The proof of one incident alone, for `python -m loopsweb.audit.verify`."""
    slug, now = request.workspace.slug, timezone.now()
    if not Event.objects.filter(workspace=slug, incident=incident).exists():
        raise Http404("There is no such record in this workspace.")
    record_audit_export(request, f"record {incident}", now=now)
    response = StreamingHttpResponse(export_record(slug, str(incident), now=now))
    return set_download_headers(response, request, f"record-{incident}.jsonl")


@require(Permission.EXPORT, noun="audit")
@require_POST
@limit_proofs("download_signed_head")
def download_head(request: WorkspaceRequest) -> HttpResponseBase:
    """A head signed now, to verify the trail against later."""
    now, slug = timezone.now(), request.workspace.slug
    record_audit_export(request, "signed head", now=now)
    head = signed_heads.store_signed_head(slug, now=now, handed_to=signed_heads.DOWNLOAD).head
    response = HttpResponse(encode_canonical_json(head) + b"\n")
    return set_download_headers(response, request, f"head-{head['sequence']}.jsonl")


def set_download_headers(
    response: HttpResponseBase, request: WorkspaceRequest, name: str
) -> HttpResponseBase:
    response["Content-Type"] = "application/jsonl"
    response["Content-Disposition"] = f'attachment; filename="{request.workspace.slug}-{name}"'
    return response
