"""The files of a checkpoint, on a page that asks the API for them once it is open.

Download links are valid for minutes, so they are neither stored nor logged, and each download gets
a new one. The audit records who requested which file before the API is called."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event, record_follow_up
from loopsweb.loops_api.types import CheckpointFile
from loopsweb.resources.checkpoints.download_links import NoLink, find_link_host, start_download
from loopsweb.resources.checkpoints.file_links import address_link, start_link
from loopsweb.resources.checkpoints.files import (
    FilesPage,
    NotDistinct,
    NotListed,
    build_vendor_command,
)
from loopsweb.resources.checkpoints.live_files import FilesUnavailable, fetch_page
from loopsweb.resources.checkpoints.manifests import TOOLS, name_file
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.ui.pages import render_answer, render_page, wants_partial
from loopsweb.ui.site_url import SiteUrlUnknown
from loopsweb.ui.url_text import clean_text, parse_page_number

CANNOT_DOWNLOAD = "This file cannot be downloaded"


def parse_page_token(given: QueryDict) -> int:
    text = given.get("page_token", "")
    return 0 if text in {"", "0"} else parse_page_number(text)


@require(Permission.VIEW)
def list_files(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    """`load=now` waits for the API."""
    checkpoint = get_row_or_404(request, Checkpoint, remote_id)
    token, status = parse_page_token(request.GET), HTTPStatus.OK
    command = build_vendor_command(remote_id)
    names = {name: name_file(checkpoint, tool) for name, tool in TOOLS.items()}
    context = {"row": checkpoint, "token": token, "asked_at": timezone.now()}
    context |= {"vendor_command": command, "names": names}
    try:
        if wants_partial(request, "files") or request.GET.get("load") == "now":
            context["shown"] = fetch_page(request, checkpoint, token)
    except FilesUnavailable as why:
        context["why"], status = why, why.status
    return render_answer(request, "checkpoints/files.html", context, partial="files", status=status)


@require(Permission.DOWNLOAD, noun="checkpoint")
@require_POST
def download_file(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    """A page with a new signed link, which it opens. `name`, `node`, `file` and `page_token` say
    which file: `file` is its fingerprint."""
    checkpoint = get_row_or_404(request, Checkpoint, remote_id)
    name, node = request.POST.get("name", ""), request.POST.get("node", "")
    context: dict[str, Any] = {"row": checkpoint, "token": parse_page_token(request.POST)}
    enforce_rate_limit(request, "download_file")
    incident = record_download(request, checkpoint, name=name, node=node)
    try:
        shown = fetch_page(request, checkpoint, context["token"])
        file = find_file(shown, name=name, node=node, fingerprint=request.POST.get("file", ""))
        host = find_host(request, file)
    except FilesUnavailable as why:
        said = {"said": str(why)}
        record_follow_up(incident, outcome=Outcome.REFUSED, answer=said, now=timezone.now())
        context["why"] = why
        return render_page(request, "checkpoints/files.html", context, status=why.status)
    answer = {"host": host}
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=answer, now=timezone.now())
    context |= {
        "file": file,
        "host": host,
        "lasting": make_lasting_link(request, checkpoint, *shown.locate(file)),
    }
    page = render_page(request, "checkpoints/download.html", context)
    start_download(page, file.url)
    return page


def make_lasting_link(
    request: WorkspaceRequest, checkpoint: Checkpoint, index: int, fingerprint: str
) -> str:
    """A link of this site to the file, "" while the site's address is unknown."""
    link = start_link(request, checkpoint, files=1)
    try:
        return address_link(request, link.to_file(index, fingerprint))
    except SiteUrlUnknown:
        return ""


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


def find_file(shown: FilesPage, *, name: str, node: str, fingerprint: str) -> CheckpointFile:
    """Raises FilesUnavailable."""
    try:
        return shown.find(name=name, node=node, fingerprint=fingerprint)
    except NotListed as error:
        raise FilesUnavailable(
            "The files have changed since they were listed. Load them again to see what is there.",
            title="This file is not listed here any more",
            status=HTTPStatus.NOT_FOUND,
        ) from error
    except NotDistinct as error:
        raise FilesUnavailable(
            "Several files fit this request. Load the files again and choose one of them.",
            title=CANNOT_DOWNLOAD,
            status=HTTPStatus.CONFLICT,
        ) from error


def find_host(request: WorkspaceRequest, file: CheckpointFile) -> str:
    """The host that the file's link leads to. Raises FilesUnavailable without the link, which may
    be signed."""
    try:
        return find_link_host(request, file.url)
    except NoLink as why:
        raise FilesUnavailable(
            str(why), title=CANNOT_DOWNLOAD, status=HTTPStatus.BAD_GATEWAY
        ) from None
