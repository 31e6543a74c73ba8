"""All files of a checkpoint for a download tool, each with a signed link of this site.

It is asked for by GET and records nothing: the links do, before the first of them leads anywhere.
"""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from loopsweb.accounts.authorization.decorators import WorkspaceRequest, require
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.resources.checkpoints.file_links import address_link, start_link
from loopsweb.resources.checkpoints.live_files import FilesUnavailable, fetch_all
from loopsweb.resources.checkpoints.local_paths import place_files
from loopsweb.resources.checkpoints.manifests import TOOLS, Manifest, name_file
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.detail_page import get_row_or_404
from loopsweb.ui.errors import render_error
from loopsweb.ui.pages import render_page
from loopsweb.ui.site_url import SiteUrlUnknown, build_site_url


@require(Permission.DOWNLOAD, noun="checkpoint")
@require_safe
def write_manifest(request: WorkspaceRequest, remote_id: str) -> HttpResponse:
    """?tool: see TOOLS."""
    checkpoint = get_row_or_404(request, Checkpoint, remote_id)
    tool = TOOLS.get(request.GET.get("tool", ""))
    if tool is None:
        title, known = "There is no manifest for this tool", ", ".join(TOOLS)
        return render_error(request, HTTPStatus.BAD_REQUEST, title, f"Choose one of {known}.")
    try:
        manifest = build_manifest(request, checkpoint)
    except FilesUnavailable as why:
        context = {"row": checkpoint, "token": 0, "why": why}
        return render_page(request, "checkpoints/files.html", context, status=why.status)
    text = "".join(f"{line}\n" for line in tool.write(manifest))
    answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name_file(checkpoint, tool)}"'
    return answer


def build_manifest(request: WorkspaceRequest, checkpoint: Checkpoint) -> Manifest:
    """Raises FilesUnavailable."""
    files = place_files(fetch_all(request, checkpoint))
    if not files:
        raise FilesUnavailable(
            "The API lists no files for this checkpoint. While it is syncing it has none.",
            title="There is nothing to download yet",
            status=HTTPStatus.CONFLICT,
        )
    written = sum(bool(one.path) for one in files)
    link = start_link(request, checkpoint, files=written)
    try:
        links = {
            one.index: address_link(request, link.to_file(one.index, one.fingerprint))
            for one in files
            if one.path
        }
        page = reverse("checkpoints:detail", args=[request.workspace.slug, checkpoint.remote_id])
        address = build_site_url(request, page)
    except SiteUrlUnknown as why:
        raise FilesUnavailable(
            f"A download tool needs the full address of this site. {why}",
            title="Links cannot be made",
            status=HTTPStatus.CONFLICT,
        ) from why
    about = checkpoint.uri or checkpoint.name or checkpoint.remote_id
    return Manifest(about, address, request.user.email, link.expires_at, files, links)
