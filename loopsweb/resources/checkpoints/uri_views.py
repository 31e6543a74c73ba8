"""The checkpoint of a bt:// URI, looked up in the API when somebody asks for it.

The list shows the snapshot, which has checkpoints of known runs only. The answer is shown with its
time and not stored: no poll would keep it current.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.loops_api.types import Checkpoint as Found
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.pages.live_calls import NoAnswer, call_api
from loopsweb.resources.runs.models import Run
from loopsweb.ui.pages import render_answer


@require(Permission.VIEW)
def find_checkpoint(request: WorkspaceRequest) -> HttpResponse:
    typed = request.GET.get("checkpoint_path", "")
    context: dict[str, Any] = {"uri": typed, "vocabulary": SYNC}
    status = HTTPStatus.OK
    try:
        uri = CheckpointURI.parse(typed)
        context |= {"uri": str(uri), "found": find_by_uri(request, uri)}
    except ValueError as error:
        context["why"], status = str(error), HTTPStatus.BAD_REQUEST
    except NoAnswer as why:
        context["why"], status = str(why), why.status
    context["run_has_page"] = (
        Run.objects.in_workspace(request.workspace)
        .filter(remote_id__in=[one.run_id for one, _ in context.get("found", ())])
        .exists()
    )
    context["asked_at"] = timezone.now()
    return render_answer(request, "checkpoints/found.html", context, partial="found", status=status)


def find_by_uri(request: WorkspaceRequest, uri: CheckpointURI) -> list[tuple[Found, bool]]:
    """What the API has under this URI, each with whether it has a page here. Raises NoAnswer."""
    try:
        with call_api(request, "list_checkpoints") as client:
            listed = client.list_checkpoints(checkpoint_path=str(uri))
            found = [one for one in listed if one.uri == str(uri)]
    except NoAnswer as why:
        if why.api_status == HTTPStatus.NOT_FOUND:
            return []
        raise
    rows = Checkpoint.objects.in_workspace(request.workspace)
    stored = set(rows.filter(remote_id__in=[one.id for one in found]).values_list("remote_id"))
    return [(one, (one.id,) in stored) for one in found]
