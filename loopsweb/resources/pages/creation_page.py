"""The page that makes something: the form, why it cannot be sent, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor
from loopsweb.keys.clients import NoKey, client_for, why_not
from loopsweb.loops_api import errors
from loopsweb.resources.pages.creation import AlreadySubmitted, Order
from loopsweb.resources.pages.creation_form import CreationForm
from loopsweb.resources.snapshot.store import Named
from loopsweb.ui.pages import render_page

UNPROCESSABLE, CONFLICT, BAD_GATEWAY, UNAVAILABLE = 422, 409, 502, 503
MAYBE = (
    "Whether it was made is unknown: the request may have arrived. "
    "Look at the list before you send it again."
)


@dataclass(frozen=True)
class Creation:
    """noun: plural, as in URLs. method: of the client. submit: the button's verb.
    from_address: {query parameter: the field it fills in beforehand}."""

    noun: str
    method: str
    title: str
    intro: str
    submit: str
    from_address: Mapping[str, str] = field(default_factory=dict)


def creation_page(
    request: WorkspaceRequest,
    creation: Creation,
    form_class: type[CreationForm],
    create: Callable[[Order], Named],
) -> HttpResponse:
    """GET asks, POST does and leads to what was made."""
    person, workspace = request.user, request.workspace
    blocked = why_not(workspace=workspace, person=person, method=creation.method)
    form = form_class(
        request.POST if request.method == "POST" else None,
        workspace=workspace,
        is_newer=not why_not(workspace=workspace, person=person, method="get_capabilities"),
        initial={
            name: request.GET[parameter]
            for parameter, name in creation.from_address.items()
            if parameter in request.GET
        },
    )
    status = 200
    if request.method == "POST":
        status = UNPROCESSABLE
        if form.is_valid():
            try:
                acting = client_for(workspace=workspace, person=person, method=creation.method)
                made = create(
                    Order(
                        asked=form.asked(),
                        once=form.cleaned_data["once"],
                        acting=acting,
                        by=actor(request),
                        clock=timezone.now,
                    )
                )
            except (NoKey, NotRecorded) as error:
                form.add_error(None, str(error))
                status = CONFLICT if isinstance(error, NoKey) else UNAVAILABLE
            except AlreadySubmitted:
                messages.info(request, "This form was sent before; nothing was sent this time.")
                return redirect(f"{creation.noun}:list", workspace.slug)
            except errors.LoopsError as error:
                status = add_api_error(form, error)
            else:
                messages.success(request, f"{creation.title.split()[-1].capitalize()} created.")
                return redirect(f"{creation.noun}:detail", workspace.slug, made.id)
    context = {
        "form": form,
        "creation": creation,
        "blocked": blocked,
        "list_url": reverse(f"{creation.noun}:list", args=[workspace.slug]),
    }
    return render_page(request, "resources/new.html", context, status=status)


def add_api_error(form: CreationForm, error: errors.LoopsError) -> int:
    """Say what the API said, keep what was typed, and allow another try."""
    form.add_error(None, error.plain)
    if error.may_have_been_received:
        form.add_error(None, MAYBE)
    form.renew()
    return BAD_GATEWAY if error.may_have_been_received else UNPROCESSABLE
