"""The page that deploys a sampler checkpoint for inference: a new model, billed on its own."""

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
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.checkpoints import actions
from loopsweb.resources.checkpoints.forms import DeployForm
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.idempotency import AlreadySubmitted
from loopsweb.resources.pages.refusals import add_refusal
from loopsweb.ui.pages import render_page

METHOD = "deploy_checkpoints"
MAY_BE_DEPLOYED = (
    "The request may have arrived, so a model may be running. Look for it at Baseten first."
)


@require(Permission.CREATE, noun="checkpoint")
def deploy_checkpoint(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    row = get_row_or_404(request, Checkpoint, remote_id)
    catalogue = Catalogue.objects.filter(workspace=request.workspace).first()
    refusal = explain_unservable(row)
    sent = request.POST if request.method == "POST" else None
    form = DeployForm(sent, catalogue=catalogue, refusal=refusal)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                deployed = actions.deploy_checkpoint(
                    row,
                    fields=form.api_fields(),
                    once=form.cleaned_data["once"],
                    key_client=find_client(
                        workspace=request.workspace, person=request.user, method=METHOD
                    ),
                    by=actor_of_request(request),
                    clock=timezone.now,
                )
            except (NoKey, KeyUnusable, NotRecorded) as error:
                status = add_refusal(form, error)
            except AlreadySubmitted:
                messages.info(request, "This form was already submitted. Nothing was sent again.")
                return redirect("checkpoints:detail", request.workspace.slug, remote_id)
            except errors.LoopsError as error:
                form.add_error(None, error.plain)
                form.renew_idempotency_key()
                if error.may_have_been_received:
                    form.add_error(None, MAY_BE_DEPLOYED)
                    status = HTTPStatus.BAD_GATEWAY
            else:
                messages.success(request, f"Deployed as model {deployed.model_id}.")
                return redirect("checkpoints:detail", request.workspace.slug, remote_id)
    blocked = refusal or explain_missing_access(
        workspace=request.workspace, person=request.user, method=METHOD
    )
    context = {"row": row, "form": form, "blocked": blocked}
    return render_page(request, "checkpoints/deploy.html", context, status=status)


def explain_unservable(row: Checkpoint) -> str:
    """Why the API would refuse to serve it, "" if nothing is known against it."""
    if row.target != "sampler":
        return "Only sampler weights can be deployed."
    if not row.is_loadable:
        return "The API gives no LoRA configuration for it, so nothing can load it."
    if row.missing_since:
        return "The API no longer lists it."
    return ""
