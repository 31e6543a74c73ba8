"""The pages that create a session or add one by its id."""

from __future__ import annotations

from http import HTTPStatus
from typing import cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import NoKey, explain_missing_access, find_client
from loopsweb.loops_api import errors
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.creation_page import CreationPage, render_creation_page
from loopsweb.resources.sessions import actions
from loopsweb.resources.sessions.forms import AddSession, NewSession
from loopsweb.ui.pages import render_page

SESSION = CreationPage(
    noun=NOUNS["sessions"],
    method="create_session",
    title="New session",
    intro="A session groups runs and samplers that belong together. By itself it costs nothing.",
    submit="Create session",
)


@require(Permission.CREATE, noun="session")
def create_session(request: WorkspaceRequest) -> HttpResponse:
    return render_creation_page(request, SESSION, NewSession, actions.create_session)


@require(Permission.CREATE, noun="session")
def add_session(request: WorkspaceRequest) -> HttpResponse:
    form = AddSession(request.POST if request.method == "POST" else None)
    method, status = "get_session", HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            session_id = cast("str", form.cleaned_data["session_id"])
            try:
                key_client = find_client(
                    workspace=request.workspace, person=request.user, method=method
                )
                actions.add_session(
                    session_id=session_id,
                    key_client=key_client,
                    by=actor_of_request(request),
                    now=timezone.now(),
                )
            except (NoKey, ValueError) as error:
                form.add_error("session_id", str(error))
            except errors.LoopsError as error:
                form.add_error("session_id", error.plain)
                if not isinstance(error, errors.StatusError):
                    status = HTTPStatus.BAD_GATEWAY
            else:
                messages.success(request, "Session added.")
                return redirect("sessions:detail", request.workspace.slug, session_id)
    blocked = explain_missing_access(
        workspace=request.workspace, person=request.user, method=method
    )
    context = {"form": form, "blocked": blocked}
    return render_page(request, "sessions/add.html", context, status=status)
