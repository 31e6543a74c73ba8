"""The page on which a resource is protected, and its protection lifted."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.resources.deactivations import protections
from loopsweb.resources.deactivations.policy_forms import LiftForm, ProtectForm
from loopsweb.resources.deactivations.requirements import load_policy
from loopsweb.resources.deactivations.targets import Kind, Target
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.ui import errors
from loopsweb.ui.pages import render_page

ASKED = "You asked to lift the protection. Another admin has to agree."


@require(Permission.MANAGE_TEAM)
def change_protection(request: WorkspaceRequest, kind: Kind, remote_id: str) -> HttpResponse:
    row: Target = get_row_or_404(request, kind.model, remote_id)
    row.workspace = request.workspace
    protection = protections.find_protection(row)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and bool(protection) == ("protect" in sent):
        return redirect_to_row(request, kind, row)  # it already is as the person wants it
    if row.is_terminal and not protection:
        ended = f"It is already {row.status}. There is nothing to protect."
        return errors.render_error(request, HTTPStatus.CONFLICT, "Not protected", ended)
    form = LiftForm(sent) if protection else ProtectForm(sent)
    if sent is None or not form.is_valid():
        now = timezone.now()
        context = {
            "kind": kind,
            "row": row,
            "form": form,
            "protection": protection,
            "lift_request": protection and protections.find_lift_request(row, now=now),
            "detail_view": f"{kind.plural}:detail",
        }
        status = HTTPStatus.OK if sent is None else HTTPStatus.UNPROCESSABLE_ENTITY
        return render_page(request, "deactivations/protection.html", context, status=status)
    if isinstance(form, LiftForm):
        lift(request, row, form)
    else:
        by, note = actor_of_request(request), form.cleaned_data["note"]
        protections.protect(row, note=note, by=by, now=timezone.now())
        messages.success(request, "Protected.")
    return redirect_to_row(request, kind, row)


def lift(request: WorkspaceRequest, row: Target, form: LiftForm) -> None:
    by, now, note = actor_of_request(request), timezone.now(), form.cleaned_data["note"]
    if form.cleaned_data["break_glass"]:
        protections.lift_alone(row, note=note, by=by, now=now)
        messages.warning(request, "Protection lifted. Every admin sees that you did this alone.")
        return
    valid_for = timedelta(hours=load_policy(request.workspace.team).approval_hours)
    if protections.lift(row, note=note, by=by, now=now, valid_for=valid_for):
        messages.success(request, "No longer protected.")
    else:
        messages.info(request, ASKED)


def redirect_to_row(request: WorkspaceRequest, kind: Kind, row: Target) -> HttpResponse:
    return redirect(f"{kind.plural}:detail", request.workspace.slug, row.remote_id)
