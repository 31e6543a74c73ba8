"""The page that sets when a checkpoint expires."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import KeyUnusable, NoKey, explain_missing_access, find_client
from loopsweb.loops_api import errors
from loopsweb.resources.checkpoints import actions
from loopsweb.resources.checkpoints.forms import ExpiryForm
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.ui.pages import render_page

METHOD = "set_checkpoint_ttl"


@require(Permission.CHANGE_EXPIRY, noun="checkpoint")
def change_expiry(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    row = get_row_or_404(request, Checkpoint, remote_id)
    chosen = {"expiry": request.GET.get("expiry", "")}
    form = ExpiryForm(request.POST if request.method == "POST" else None, initial=chosen)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                actions.set_expiry(
                    row,
                    days=form.cleaned_data["days"],
                    key_client=find_client(
                        workspace=request.workspace, person=request.user, method=METHOD
                    ),
                    by=actor_of_request(request),
                    clock=timezone.now,
                )
            except (NoKey, KeyUnusable, NotRecorded) as error:
                status = add_refusal(form, error)
            except errors.LoopsError as error:
                form.add_error("days", error.plain)
                if error.may_have_been_received:
                    status = HTTPStatus.BAD_GATEWAY
            else:
                messages.success(request, "Saved. The API has taken it.")
                return redirect("checkpoints:detail", request.workspace.slug, remote_id)
    blocked = explain_missing_access(
        workspace=request.workspace, person=request.user, method=METHOD
    )
    context = {"row": row, "form": form, "blocked": blocked}
    return render_page(request, "checkpoints/expiry.html", context, status=status)
