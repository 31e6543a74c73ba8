"""The page that creates something: its form, why it cannot be submitted, and the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.durable import NotRecorded
from loopsweb.audit.record import actor_of_request
from loopsweb.keys.clients import NoKey, explain_missing_access, find_client
from loopsweb.loops_api import errors
from loopsweb.resources.nouns import Noun
from loopsweb.resources.pages.base_models import BaseModel
from loopsweb.resources.pages.creation import CreationRequest, NotSupported
from loopsweb.resources.pages.creation_errors import add_api_error
from loopsweb.resources.pages.creation_form import CreationForm, GPUHolderForm
from loopsweb.resources.pages.idempotency import AlreadySubmitted
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.resources.snapshot.changed_rows import ApiObject
from loopsweb.ui.pages import render_page

ALREADY_SUBMITTED = "This form was already submitted, so nothing was created this time."


@dataclass(frozen=True)
class CreationPage:
    """method: of the client. submit: the button's text. prefilled: {query parameter: the field it
    fills in}."""

    noun: Noun
    method: str
    title: str
    intro: str
    submit: str
    prefilled: Mapping[str, str] = field(default_factory=dict)


def render_creation_page(
    request: WorkspaceRequest,
    creation: CreationPage,
    form_class: type[CreationForm],
    create: Callable[[CreationRequest], ApiObject],
) -> HttpResponse:
    """GET shows the form; POST creates and redirects to what was created."""
    person, workspace = request.user, request.workspace
    blocked = explain_missing_access(workspace=workspace, person=person, method=creation.method)
    list_url = reverse(f"{creation.noun.slug}:list", args=[workspace.slug])
    form = form_class(
        request.POST if request.method == "POST" else None,
        workspace=workspace,
        takes_undocumented=not explain_missing_access(
            workspace=workspace, person=person, method="get_capabilities"
        ),
        initial={
            name: request.GET[parameter]
            for parameter, name in creation.prefilled.items()
            if parameter in request.GET
        },
    )
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                key_client = find_client(workspace=workspace, person=person, method=creation.method)
                created = create(
                    CreationRequest(
                        fields=form.api_fields(),
                        once=form.cleaned_data["once"],
                        key_client=key_client,
                        by=actor_of_request(request),
                        clock=timezone.now,
                    )
                )
            except (NoKey, NotRecorded) as error:
                status = add_refusal(form, error)
            except AlreadySubmitted:
                messages.info(request, ALREADY_SUBMITTED)
                return redirect(list_url)
            except errors.LoopsError as error:
                status = add_api_error(form, error)
            except NotSupported as error:
                form.add_error(None, str(error))
                form.renew_idempotency_key()
            else:
                messages.success(request, f"{creation.noun.singular.capitalize()} created.")
                return redirect(f"{creation.noun.slug}:detail", workspace.slug, created.id)
    context = {
        "form": form,
        "creation": creation,
        "blocked": blocked,
        "list_url": list_url,
        "chosen": find_chosen(form),
    }
    return render_page(request, "resources/new.html", context, partial="estimate", status=status)


def find_chosen(form: CreationForm) -> BaseModel | None:
    """The base model that stands in the form, or is inherited from the run there, with as many
    machines as the form asks for. One that the API does not list is known by its name alone."""
    if not isinstance(form, GPUHolderForm) or not (name := form.find_base_model()):
        return None
    known = next((one for one in form.base_models if one.name == name), BaseModel(name=name))
    return known.with_replicas(form.count_replicas())
