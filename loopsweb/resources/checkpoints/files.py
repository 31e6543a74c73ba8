"""The files of a checkpoint, asked of the API when a person asks: their links live for minutes,
so they are neither kept nor logged, and each download is signed afresh: the audit tells who asked
for which file, before the API is asked for its link."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone

from loopsweb.accounts.permissions import Permission, WorkspaceRequest, require
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor, follow_up, record
from loopsweb.keys.clients import KeyUnusable, NoKey, client_for
from loopsweb.loops_api.errors import LoopsError
from loopsweb.loops_api.types import CheckpointFile, FilePage
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.detail_page import find
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean, page_number

ROWS = 100
BAD_GATEWAY = 502


class CannotAsk(Exception):
    """The files could not be had. The message says why and what to do."""


@dataclass(frozen=True)
class Shown:
    """One page of files. token: its offset; previous and next are offsets or None."""

    page: FilePage
    token: int

    @property
    def previous(self) -> int | None:
        return max(0, self.token - ROWS) if self.token else None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes or 0 for file in self.page.files)

    @property
    def is_whole(self) -> bool:
        return not self.token and self.page.next_page_token is None


def ask(request: WorkspaceRequest, checkpoint: Checkpoint, token: int) -> Shown:
    """Raises CannotAsk."""
    try:
        acting = client_for(workspace=request.workspace, person=request.user, method="list_files")
        page = acting.client.list_files(checkpoint.remote_id, page_size=ROWS, page_token=token)
    except (NoKey, KeyUnusable) as why:
        raise CannotAsk(str(why)) from why
    except LoopsError as error:
        raise CannotAsk(error.plain) from error
    return Shown(page, token)


def token_of(request: WorkspaceRequest) -> int:
    text = request.GET.get("page_token", "")
    return 0 if text in {"", "0"} else page_number(text)


@require(Permission.VIEW)
def files(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    checkpoint = find(request, "checkpoints", Checkpoint, remote_id)
    context = {"row": checkpoint, "token": token_of(request)}
    try:
        context["shown"] = ask(request, checkpoint, token_of(request))
    except CannotAsk as why:
        context["why"] = str(why)
    is_page_of_its_own = not wants_partial(request, "files")
    status = BAD_GATEWAY if "why" in context and is_page_of_its_own else 200
    return render_page(request, "checkpoints/files.html", context, partial="files", status=status)


@require(Permission.DOWNLOAD)
def download(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    """Leads to a link signed this moment. `name`, `node` and `page_token` say which file."""
    checkpoint = find(request, "checkpoints", Checkpoint, remote_id)
    name, node = request.GET.get("name", ""), request.GET.get("node", "")
    asked = told_of_download(request, checkpoint, name=name, node=node)
    try:
        shown = ask(request, checkpoint, token_of(request))
        file = wanted(shown, name=name, node=node)
    except CannotAsk as why:
        follow_up(asked, outcome=Outcome.REFUSED, answer={"said": str(why)}, now=timezone.now())
        context = {"row": checkpoint, "token": token_of(request), "why": str(why)}
        return render_page(request, "checkpoints/files.html", context, status=BAD_GATEWAY)
    except Http404 as why:
        follow_up(asked, outcome=Outcome.REFUSED, answer={"said": str(why)}, now=timezone.now())
        raise
    follow_up(asked, outcome=Outcome.SUCCEEDED, answer=None, now=timezone.now())
    response = HttpResponseRedirect(file.url)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def told_of_download(
    request: WorkspaceRequest, checkpoint: Checkpoint, *, name: str, node: str
) -> uuid.UUID:
    """The incident, committed."""
    return record(
        **actor(request),
        action="checkpoint.download",
        outcome=Outcome.REQUESTED,
        target_noun="checkpoint",
        target_id=checkpoint.remote_id,
        target_name=f"{checkpoint.uri} {clean(name)}",
        answer={"file": clean(name), "node": clean(node)},
        now=timezone.now(),
    ).incident


def wanted(shown: Shown, *, name: str, node: str) -> CheckpointFile:
    for file in shown.page.files:
        rank = "" if file.node_rank is None else str(file.node_rank)
        if file.relative_file_name == name and node in {"", rank}:
            if urlsplit(file.url).scheme not in {"http", "https"}:
                raise Http404("The API gave this file an address that is not http or https.")
            return file
    raise Http404("The API no longer lists this file there. Open the checkpoint's files again.")
