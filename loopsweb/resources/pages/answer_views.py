"""What the API says about one thing now, asked when somebody asks. It is shown, not stored."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.loops_api import Client
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.live_calls import NoAnswer, call_api
from loopsweb.ui.pages import render_answer

FETCH: dict[str, tuple[str, Callable[[Client, str], Any]]] = {
    "sessions": ("get_session", Client.get_session),
    "runs": ("get_run", Client.get_run),
    "samplers": ("get_sampler", Client.get_sampler),
    "deployments": ("get_deployment", Client.get_deployment),
}  # {noun: (client method, its call)}; no route has one checkpoint by its ID


@require(Permission.VIEW)
def show_answer(request: WorkspaceRequest, kind: str, remote_id: str) -> HttpResponse:
    noun, (method, fetch) = NOUNS[kind], FETCH[kind]
    row = get_row_or_404(request, noun.model, remote_id)
    context: dict[str, Any] = {"row": row, "noun": noun}
    status = HTTPStatus.OK
    try:
        with call_api(request, method) as client:
            context["answer"] = fetch(client, row.remote_id)
    except NoAnswer as why:
        context["why"], status = str(why), why.status
        if why.api_status == HTTPStatus.NOT_FOUND:
            status = HTTPStatus.OK
    context["asked_at"] = timezone.now()
    return render_answer(request, "resources/answer.html", context, partial="answer", status=status)
