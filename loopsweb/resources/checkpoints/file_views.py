"""The files of a checkpoint, loaded from the API on each click.

Download links are valid for minutes, so they are neither stored nor logged, and each download gets
a new one. The audit records who requested which file before the API is called."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event, record_follow_up
from loopsweb.keys.clients import KeyUnusable, NoKey, find_client
from loopsweb.loops_api.errors import LoopsError
from loopsweb.loops_api.types import CheckpointFile, FilePage
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.ui.pages import render_page, wants_partial
from loopsweb.ui.url_text import clean_text, parse_page_number

ROWS = 100
MAX_WAITING = 3

_slots = threading.BoundedSemaphore(MAX_WAITING)


class FilesUnavailable(Exception):
    """The message says why and what to do."""

    status = HTTPStatus.BAD_GATEWAY
    title = "The files could not be loaded"


class ApiBusy(FilesUnavailable):
    status = HTTPStatus.SERVICE_UNAVAILABLE


class CannotDownload(FilesUnavailable):
    title = "This file cannot be downloaded"


@dataclass(frozen=True)
class FilesPage:
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
def reserve_slot() -> Iterator[None]:
    """Limit how many threads wait for the API, so that a slow one does not block other pages.
    Raises ApiBusy at once when all slots are taken."""
    if not _slots.acquire(blocking=False):
        raise ApiBusy(
            f"The Loops API is slow: {MAX_WAITING} other requests for files are still waiting. "
            "Try again in a moment."
        )
    try:
        yield
    finally:
        _slots.release()


def fetch_page(request: WorkspaceRequest, checkpoint: Checkpoint, token: int) -> FilesPage:
    """Raises FilesUnavailable."""
    try:
        workspace, person = request.workspace, request.user
        client = find_client(workspace=workspace, person=person, method="list_files").client
        with reserve_slot():
            page = client.list_files(checkpoint.remote_id, page_size=ROWS, page_token=token)
    except (NoKey, KeyUnusable) as why:
        raise FilesUnavailable(str(why)) from why
    except LoopsError as error:
        raise FilesUnavailable(error.plain) from error
    return FilesPage(page, token)


def parse_page_token(request: WorkspaceRequest) -> int:
    text = request.GET.get("page_token", "")
    return 0 if text in {"", "0"} else parse_page_number(text)


@require(Permission.VIEW)
def list_files(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    checkpoint = get_row_or_404(request, Checkpoint, remote_id)
    token, status = parse_page_token(request), HTTPStatus.OK
    context = {"row": checkpoint, "token": token}
    try:
        context["shown"] = fetch_page(request, checkpoint, token)
    except FilesUnavailable as why:
        context["why"] = why
        status = HTTPStatus.OK if wants_partial(request, "files") else why.status
    return render_page(request, "checkpoints/files.html", context, partial="files", status=status)


@require(Permission.DOWNLOAD, noun="checkpoint")
def download_file(request: WorkspaceRequest, remote_id: str) -> HttpResponseBase:
    """Redirect to a new signed link. `name`, `node` and `page_token` say which file."""
    checkpoint = get_row_or_404(request, Checkpoint, remote_id)
    name, node = request.GET.get("name", ""), request.GET.get("node", "")
    token = parse_page_token(request)
    incident = record_download(request, checkpoint, name=name, node=node)
    try:
        shown = fetch_page(request, checkpoint, token)
        response = redirect_to_file(find_file(shown, name=name, node=node))
    except (FilesUnavailable, Http404) as why:
        said = {"said": str(why)}
        record_follow_up(incident, outcome=Outcome.REFUSED, answer=said, now=timezone.now())
        if isinstance(why, Http404):
            raise
        context = {"row": checkpoint, "token": token, "why": why}
        return render_page(request, "checkpoints/files.html", context, status=why.status)
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=None, now=timezone.now())
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-store"
    return response


def record_download(
    request: WorkspaceRequest, checkpoint: Checkpoint, *, name: str, node: str
) -> uuid.UUID:
    """Commit the audit event. Returns its incident."""
    return record_event(
        **actor_of_request(request),
        action="checkpoint.download",
        outcome=Outcome.REQUESTED,
        target_noun="checkpoint",
        target_id=checkpoint.remote_id,
        target_name=f"{checkpoint.uri} {clean_text(name)}",
        answer={"file": clean_text(name), "node": clean_text(node)},
        now=timezone.now(),
    ).incident


def find_file(shown: FilesPage, *, name: str, node: str) -> CheckpointFile:
    for file in shown.page.files:
        rank = "" if file.node_rank is None else str(file.node_rank)
        if file.relative_file_name == name and node in {"", rank}:
            return file
    raise Http404("The API no longer lists this file here. Open the checkpoint's files again.")


def redirect_to_file(file: CheckpointFile) -> HttpResponseRedirect:
    """Raises CannotDownload without the address: it may be a signed link."""
    try:
        address = urlsplit(file.url)
        if address.scheme in {"http", "https"} and address.hostname:
            return HttpResponseRedirect(file.url)
    except (ValueError, SuspiciousOperation):
        pass
    raise CannotDownload(
        "The API returned an address that a browser cannot open. "
        "Try again; if it happens again, download the checkpoint through the API."
    )
