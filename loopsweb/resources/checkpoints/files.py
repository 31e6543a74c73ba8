"""The files of a checkpoint, asked of the API when a person asks: their links live for minutes,
so they are neither kept nor logged, and each download is signed afresh: the audit tells who asked
for which file, before the API is asked for its link."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor, follow_up, record
from loopsweb.keys.clients import KeyUnusable, NoKey, client_for
from loopsweb.loops_api.errors import LoopsError
from loopsweb.loops_api.types import CheckpointFile, FilePage
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import find
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean, page_number

ROWS = 100
BAD_GATEWAY, UNAVAILABLE = 502, 503
AT_ONCE = 3

_slots = threading.BoundedSemaphore(AT_ONCE)


class CannotAsk(Exception):
    """The files could not be had. The message says why and what to do."""

    status = BAD_GATEWAY
    title = "The files could not be read"


class ApiIsSlow(CannotAsk):
    status = UNAVAILABLE


class CannotDownload(CannotAsk):
    title = "This file cannot be downloaded"


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


@contextmanager
def slot() -> Iterator[None]:
    """One of the few waits for files that this process affords: a slow API must not take every
    thread from the pages that need none. Raises ApiIsSlow at once when all are taken."""
    if not _slots.acquire(blocking=False):
        raise ApiIsSlow(
            f"The Loops API is slow: {AT_ONCE} other requests for files are still waiting for it. "
            "Try again in a moment."
        )
    try:
        yield
    finally:
        _slots.release()


def ask(request: WorkspaceRequest, checkpoint: Checkpoint, token: int) -> Shown:
    """Raises CannotAsk."""
    try:
        acting = client_for(workspace=request.workspace, person=request.user, method="list_files")
        with slot():
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
    context, status = {"row": checkpoint, "token": token_of(request)}, 200
    try:
        context["shown"] = ask(request, checkpoint, token_of(request))
    except CannotAsk as why:
        context["why"] = why
        status = 200 if wants_partial(request, "files") else why.status
    return render_page(request, "checkpoints/files.html", context, partial="files", status=status)


@require(Permission.DOWNLOAD)
def download(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    """Leads to a link signed this moment. `name`, `node` and `page_token` say which file."""
    checkpoint = find(request, "checkpoints", Checkpoint, remote_id)
    name, node = request.GET.get("name", ""), request.GET.get("node", "")
    asked = told_of_download(request, checkpoint, name=name, node=node)
    try:
        shown = ask(request, checkpoint, token_of(request))
        response = leading_to(wanted(shown, name=name, node=node))
    except CannotAsk as why:
        follow_up(asked, outcome=Outcome.REFUSED, answer={"said": str(why)}, now=timezone.now())
        context = {"row": checkpoint, "token": token_of(request), "why": why}
        return render_page(request, "checkpoints/files.html", context, status=why.status)
    except Http404 as why:
        follow_up(asked, outcome=Outcome.REFUSED, answer={"said": str(why)}, now=timezone.now())
        raise
    follow_up(asked, outcome=Outcome.SUCCEEDED, answer=None, now=timezone.now())
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
            return file
    raise Http404("The API no longer lists this file there. Open the checkpoint's files again.")


def leading_to(file: CheckpointFile) -> HttpResponseRedirect:
    """Raises CannotDownload, which does not repeat the address: it may be a signed one."""
    try:
        address = urlsplit(file.url)
        if address.scheme in {"http", "https"} and address.hostname:
            return HttpResponseRedirect(file.url)
    except (ValueError, SuspiciousOperation):
        pass
    raise CannotDownload(
        "The API gave it an address that a browser cannot open. "
        "Try again; if this stays, download the checkpoint with the API itself."
    )
