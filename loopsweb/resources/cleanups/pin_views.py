"""Pinning a checkpoint, so that no clean-up takes it."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups import pins
from loopsweb.resources.cleanups.forms import PinForm
from loopsweb.resources.deactivations.protections import find_protection
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.ui.pages import render_page


@require(Permission.DELETE_CHECKPOINTS, noun="checkpoint")
def change_pin(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    row = get_row_or_404(request, Checkpoint, remote_id)
    row.workspace = request.workspace
    pin = find_protection(row)
    sent = request.POST if request.method == "POST" else None
    wanted = "unpin" if pin else "pin"
    form = PinForm(sent, initial={"wanted": wanted})
    if form.is_valid():
        is_pinned = form.cleaned_data["wanted"] == "pin"
        change = pins.pin if is_pinned else pins.unpin
        by, now = actor_of_request(request), timezone.now()
        change(row, note=form.cleaned_data["note"], by=by, now=now)
        messages.success(request, "Pinned." if is_pinned else "No longer pinned.")
        return redirect("checkpoints:detail", request.workspace.slug, remote_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"row": row, "form": form, "pin": pin}
    return render_page(request, "cleanups/pin.html", context, status=status)
