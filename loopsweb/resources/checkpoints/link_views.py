"""What a signed link opens: a redirect to one file, at an address that the API signs each time.

Tools come back here when an address has expired or a connection broke. Cookies are ignored, so no
other site gains anything by making a browser open a link; refusals are one sentence of plain text.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization.decorators import signed_link
from loopsweb.accounts.authorization.roles import Permission, permissions_of
from loopsweb.accounts.models import Membership, Workspace
from loopsweb.accounts.rate_limits import consume_rate_limit
from loopsweb.audit.durable import NotRecorded, durable_transaction
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.loops_api.types import CheckpointFile
from loopsweb.resources.checkpoints.download_links import NoLink, find_link_host
from loopsweb.resources.checkpoints.file_links import FileLink, NotALink, read_link
from loopsweb.resources.checkpoints.files import compute_fingerprint
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.live_calls import NoAnswer, call_api_for
from loopsweb.ui.url_text import clean_text

RECORDED_FOR = timedelta(hours=1)
AGAIN = "Download a new manifest from the checkpoint's page."


class Refused(Exception):
    """The message says why and what to do. Tools try again after a 503, not after a 403 or 410."""

    def __init__(self, message: str, status: HTTPStatus) -> None:
        super().__init__(message)
        self.status = status


@signed_link
def open_link(request: HttpRequest, link: str) -> HttpResponse:
    try:
        address = find_address(request, link)
    except Refused as why:
        return answer_refusal(why)
    return HttpResponseRedirect(address)


def find_address(request: HttpRequest, link: str) -> str:
    """Where the file is now, once the use is recorded. Raises Refused."""
    claim, member = check_claim(link)
    if request.method != "GET":
        raise Refused("Open this link with GET.", HTTPStatus.METHOD_NOT_ALLOWED)
    if not consume_rate_limit(request, "open_file_link", key=str(member.pk)):
        why = "Too many links were opened in this minute. Try again in a minute."
        raise Refused(why, HTTPStatus.SERVICE_UNAVAILABLE)
    workspace = Workspace.objects.get(pk=claim.workspace)
    row = Checkpoint.objects.in_workspace(workspace).filter(pk=claim.checkpoint).first()
    if row is None:
        raise Refused(f"This checkpoint is gone. {AGAIN}", HTTPStatus.GONE)
    file = fetch_file(claim, member, row)
    host = check_address(request, file)
    record_use(request, claim, member, row, file=file, host=host)
    return file.url


def check_claim(link: str) -> tuple[FileLink, Membership]:
    """What the link claims, and the membership that it opens files as. Raises Refused."""
    try:
        claim = read_link(link)
    except NotALink:
        raise Refused(
            f"This link was not made here, or is cut off. {AGAIN}", HTTPStatus.FORBIDDEN
        ) from None
    if claim.expires_at <= timezone.now():
        raise Refused(f"This link has expired. {AGAIN}", HTTPStatus.GONE)
    members = Membership.objects.filter(user__is_active=True, team__workspaces=claim.workspace)
    member = members.select_related("user", "team").filter(pk=claim.membership).first()
    if member is None:
        raise Refused(
            "Whoever made this link is no longer a member of the team.", HTTPStatus.FORBIDDEN
        )
    if member.links_revoked_at and claim.made <= member.links_revoked_at:
        raise Refused(f"This link was revoked. {AGAIN}", HTTPStatus.GONE)
    if Permission.DOWNLOAD not in permissions_of(member.role):
        why = "The role of whoever made this link does not allow downloads any more."
        raise Refused(why, HTTPStatus.FORBIDDEN)
    if mfa.lacks_required_mfa(member.user, member.team):
        why = "The team requires two-factor authentication; whoever made this link has none."
        raise Refused(why, HTTPStatus.FORBIDDEN)
    return claim, member


def fetch_file(claim: FileLink, member: Membership, row: Checkpoint) -> CheckpointFile:
    """The file with a new address. Raises Refused."""
    try:
        with call_api_for(member.user, row.workspace, "list_files") as client:
            page = client.list_files(
                row.remote_id, page_size=1, page_token=claim.index, run_id=row.run_remote_id or None
            )
    except NoAnswer as why:
        status = HTTPStatus.GONE if why.api_status == HTTPStatus.NOT_FOUND else why.status
        raise Refused(str(why), status) from why
    for file in page.files[:1]:
        if compute_fingerprint(file) == claim.fingerprint:
            return file
    raise Refused(f"The files have changed since this link was made. {AGAIN}", HTTPStatus.GONE)


def check_address(request: HttpRequest, file: CheckpointFile) -> str:
    """The host that the file is at. Raises Refused."""
    try:
        return find_link_host(request, file.url)
    except NoLink as why:
        raise Refused(str(why), HTTPStatus.BAD_GATEWAY) from None


def record_use(
    request: HttpRequest,
    claim: FileLink,
    member: Membership,
    row: Checkpoint,
    *,
    file: CheckpointFile,
    host: str,
) -> None:
    """Commit an audit event: one in an hour for all links that were made together, for each address
    that opens them, because tools open each file many times. Raises Refused."""
    address = request.META.get("REMOTE_ADDR", "")
    key = f"file-links:{claim.membership}:{claim.checkpoint}:{claim.manifest}:{address}"
    if cache.get(key):
        return
    actor = Actor(
        workspace=row.workspace.slug,
        person=member.user.email,
        role=member.role,
        address=address,
        request_id=getattr(request, "request_id", ""),
    )
    name = clean_text(file.relative_file_name)
    answer = {
        "links": claim.files,
        "made_at": claim.made.isoformat(timespec="seconds"),
        "first_file": name,
        "host": host,
        "covers_seconds": int(RECORDED_FOR.total_seconds()),
    }
    try:
        with durable_transaction():
            record_event(
                **actor,
                action="checkpoint.download",
                outcome=Outcome.SUCCEEDED,
                target_noun="checkpoint",
                target_id=row.remote_id,
                target_name=f"{row.uri} {name}" if claim.files == 1 else row.uri,
                answer=answer,
                now=timezone.now(),
            )
    except NotRecorded as error:
        raise Refused(str(error), HTTPStatus.SERVICE_UNAVAILABLE) from error
    cache.set(key, value=1, timeout=RECORDED_FOR.total_seconds())


def answer_refusal(why: Refused) -> HttpResponse:
    answer = HttpResponse(f"{why}\n", content_type="text/plain; charset=utf-8", status=why.status)
    if why.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer["Retry-After"] = "10"
    if why.status == HTTPStatus.METHOD_NOT_ALLOWED:
        answer["Allow"] = "GET"
    return answer
