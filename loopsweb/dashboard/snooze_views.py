"""Snoozing what needs attention, and ending that."""

from __future__ import annotations

import uuid
from datetime import timedelta
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import without_reauthentication
from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.dashboard.snoozed import find_attention
from loopsweb.resources.deactivations.forms import require_words
from loopsweb.resources.snoozes import end_snooze, snooze
from loopsweb.ui.pages import render_page

HARMLESS = "It hides a line for some days, shows who did, and is undone at once."
TIMES = [("1", "1 hour"), ("8", "8 hours"), ("24", "1 day"), ("168", "7 days")]
NOT_NEEDED = "That needs no attention any more, or is snoozed already."


class SnoozeForm(forms.Form):
    hours = forms.ChoiceField(label="For", choices=TIMES, initial="8")
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        validators=[require_words],
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": "Enter a reason."},
        help_text="Shown on the overview and kept in the audit trail, beside your name.",
    )


@require(Permission.SNOOZE)
@without_reauthentication(HARMLESS)
def snooze_items(request: WorkspaceRequest) -> HttpResponse:
    """The `kind` or the `thing` of the URL; of a form, the things that its page listed."""
    now = timezone.now()
    kind, thing = request.GET.get("kind", ""), request.GET.get("thing", "")
    items = [
        one
        for one in find_attention(request.workspace, now=now).items
        if one.thing and (one.kind == kind if kind else one.thing == thing)
    ]
    if request.method == "POST":
        seen = set(request.POST.getlist("seen"))
        items = [one for one in items if one.thing in seen]
    if not items:
        messages.info(request, NOT_NEEDED)
        return redirect("dashboard:overview", request.workspace.slug)
    sent = request.POST if request.method == "POST" else None
    form = SnoozeForm(sent)
    if form.is_valid():
        snooze(
            request.workspace,
            [one.thing for one in items],
            reason=form.cleaned_data["reason"],
            until=now + timedelta(hours=int(form.cleaned_data["hours"])),
            by=actor_of_request(request),
            now=now,
        )
        messages.success(request, "Snoozed.")
        return redirect("dashboard:overview", request.workspace.slug)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "items": items}
    return render_page(request, "dashboard/snooze.html", context, status=status)


@require(Permission.SNOOZE)
@without_reauthentication(HARMLESS)
@require_POST
def undo_snooze(request: WorkspaceRequest, snooze: uuid.UUID) -> HttpResponse:
    by, now = actor_of_request(request), timezone.now()
    if end_snooze(request.workspace, snooze, by=by, now=now):
        messages.success(request, "No longer snoozed.")
    else:
        messages.info(request, "The snooze had ended already.")
    return redirect("dashboard:overview", request.workspace.slug)
