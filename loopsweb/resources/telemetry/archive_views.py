"""What a failed deployment left behind for debugging: a list of files, and links to them.

Links are valid for minutes, so they are neither stored nor logged, and each click gets a new one.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event, record_follow_up
from loopsweb.loops_api.types import CheckpointFile
from loopsweb.loops_api.undocumented_types import DebugArchivePage
from loopsweb.resources.checkpoints.download_links import NoLink, find_link_host, start_download
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.resources.pages.live_calls import NoAnswer
from loopsweb.resources.telemetry.log_source import ask_about
from loopsweb.ui.pages import render_answer, wants_partial
from loopsweb.ui.url_text import clean_text

ROWS = 100
NOT_ONE = "The archive has changed since it was listed. Load it again to see what is there."


@require(Permission.DOWNLOAD, noun="deployment")
def show_debug_archive(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    """POST gives a link to the file `name` of the `node`, which the page opens. `load=now` waits
    for the API."""
    row = get_row_or_404(request, Deployment, remote_id)
    context: dict[str, Any] = {"row": row, "archive_url": request.path, "asked_at": timezone.now()}
    context["token"] = clean_text(request.GET.get("page_token"))
    status, is_post = HTTPStatus.OK, request.method == "POST"
    try:
        if is_post:
            context |= find_link(request, row, context["token"])
        elif wants_partial(request, "archive") or request.GET.get("load") == "now":
            context["page"] = load_archive(request, row, context["token"])
    except NoAnswer as why:
        context["why"], status = str(why), why.status
    template = "telemetry/debug_archive.html"
    answer = render_answer(request, template, context, partial="archive", status=status)
    if "file" in context:
        start_download(answer, context["file"].url)
    return answer


def load_archive(request: WorkspaceRequest, row: Deployment, token: str) -> DebugArchivePage:
    """Raises NoAnswer."""
    with ask_about(request, row, "debug archives", method="list_debug_archive") as client:
        return client.list_debug_archive(row.remote_id, page_size=ROWS, page_token=token or None)


def find_link(request: WorkspaceRequest, row: Deployment, token: str) -> dict[str, Any]:
    """The file and its host. The audit event is committed before the API is asked. Raises
    NoAnswer."""
    enforce_rate_limit(request, "download_file")
    name, node = (clean_text(request.POST.get(field)) for field in ("name", "node"))
    incident = record_event(
        **actor_of_request(request),
        action="deployment.download_debug_file",
        outcome=Outcome.REQUESTED,
        target_noun="deployment",
        target_id=row.remote_id,
        answer={"file": name, "node": node},
        now=timezone.now(),
    ).incident
    try:
        file = find_file(load_archive(request, row, token), name=name, node=node)
        host = check_host(request, file)
    except NoAnswer as why:
        said = {"said": str(why)}
        record_follow_up(incident, outcome=Outcome.REFUSED, answer=said, now=timezone.now())
        raise
    answer = {"host": host}
    record_follow_up(incident, outcome=Outcome.SUCCEEDED, answer=answer, now=timezone.now())
    return {"file": file, "host": host}


def find_file(page: DebugArchivePage, *, name: str, node: str) -> CheckpointFile:
    """Raises NoAnswer unless exactly one file fits."""
    found = [
        file
        for file in page.files
        if clean_text(file.relative_file_name) == name and node in {"", str(file.node_rank)}
    ]
    if len(found) != 1:
        raise NoAnswer(NOT_ONE)
    return found[0]


def check_host(request: WorkspaceRequest, file: CheckpointFile) -> str:
    """Raises NoAnswer, without the link, which may be signed."""
    try:
        return find_link_host(request, file.url)
    except NoLink as why:
        raise NoAnswer(str(why)) from None
