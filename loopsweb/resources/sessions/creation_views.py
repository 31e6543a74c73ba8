"""The pages that make a session or take one in by its id."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor
from loopsweb.keys.clients import NoKey, client_for, why_not
from loopsweb.loops_api import errors
from loopsweb.resources.pages.creation_page import (
    BAD_GATEWAY,
    UNPROCESSABLE,
    Creation,
    creation_page,
)
from loopsweb.resources.sessions import actions
from loopsweb.resources.sessions.forms import EnterSession, NewSession
from loopsweb.ui.pages import render_page

SESSION = Creation(
    noun="sessions",
    method="create_session",
    title="New session",
    intro="A session holds runs and samplers that belong together. By itself it costs nothing.",
    submit="Create session",
)


@require(Permission.CREATE)
def create(request: WorkspaceRequest) -> HttpResponse:
    return creation_page(request, SESSION, NewSession, actions.create)


@require(Permission.CREATE)
def enter(request: WorkspaceRequest) -> HttpResponse:
    form = EnterSession(request.POST if request.method == "POST" else None)
    method, status = "get_session", 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            session_id = cast("str", form.cleaned_data["session_id"])
            try:
                acting = client_for(workspace=request.workspace, person=request.user, method=method)
                actions.enter(
                    session_id=session_id, acting=acting, by=actor(request), now=timezone.now()
                )
            except (NoKey, ValueError) as error:
                form.add_error("session_id", str(error))
            except errors.LoopsError as error:
                form.add_error("session_id", error.plain)
                if not isinstance(error, errors.StatusError):
                    status = BAD_GATEWAY
            else:
                messages.success(request, "The API knows this session; it is listed from now on.")
                return redirect("sessions:detail", request.workspace.slug, session_id)
    blocked = why_not(workspace=request.workspace, person=request.user, method=method)
    context = {"form": form, "blocked": blocked}
    return render_page(request, "sessions/enter.html", context, status=status)
