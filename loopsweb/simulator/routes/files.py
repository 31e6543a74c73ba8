"""The presigned URLs of a checkpoint's files, in pages."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.checkpoint_files import FileOwner, get_files, presign_url
from loopsweb.simulator.entities import Checkpoint, StoredFile
from loopsweb.simulator.field_validation import read_query_integer
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.routes.checkpoints import find_checkpoint
from loopsweb.simulator.serialization import format_timestamp


def list_files(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/checkpoints/{checkpoint_id}/files."""
    return build_page(request, find_checkpoint(request, request.params["checkpoint_id"]))


def build_page(request: AuthorizedRequest, checkpoint: Checkpoint) -> Response:
    """The page of `page_size` files that starts at the offset `page_token`."""
    if checkpoint.volume_ref is not None:
        where = f"is on the volume {checkpoint.volume_ref}"
        raise ApiError(400, f"Checkpoint {checkpoint.id!r} {where}.", "NOT_PRESIGNABLE")
    size = read_query_integer(request.query, "page_size", default=1000, least=1)
    start = read_query_integer(request.query, "page_token", default=0, least=0)
    files = get_files(checkpoint)
    end = start + size
    urls = serialize_files(request, checkpoint, files, start, end)
    token = end if end < len(files) else None
    return respond_json(
        {"presigned_urls": urls, "next_page_token": token, "total_count": len(files)}
    )


def serialize_files(
    request: AuthorizedRequest, owner: FileOwner, files: list[StoredFile], start: int, end: int
) -> list[dict[str, Any]]:
    """The files from `start` to before `end`, with their presigned URLs."""
    return [
        {
            "url": file.url or presign_url(request.world, request.http.origin, owner, index, file),
            "relative_file_name": file.relative_file_name,
            "node_rank": file.node_rank,
            "size_bytes": file.size_bytes,
            "last_modified": format_timestamp(file.last_modified or owner.created_at),
        }
        for index, file in enumerate(files[start:end], start)
    ]
