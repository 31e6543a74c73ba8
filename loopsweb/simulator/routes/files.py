"""The pages of a checkpoint's files."""

from __future__ import annotations

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.checkpoint_entities import Checkpoint
from loopsweb.simulator.exchange import Answer, answer
from loopsweb.simulator.fields import number_in_query
from loopsweb.simulator.files import files_of, presign
from loopsweb.simulator.serialization import moment

from .checkpoints import find


def list_(call: Call) -> Answer:
    """GET /v1/loops/checkpoints/{checkpoint_id}/files."""
    return page(call, find(call, call.params["checkpoint_id"]))


def page(call: Call, checkpoint: Checkpoint) -> Answer:
    """`page_size` files from the offset `page_token` on."""
    size = number_in_query(call.query, "page_size", default=1000, least=1)
    start = number_in_query(call.query, "page_token", default=0, least=0)
    files = files_of(checkpoint)
    end = start + size
    urls = [
        {
            "url": file.url or presign(call.world, call.request.origin, checkpoint, index, file),
            "relative_file_name": file.relative_file_name,
            "node_rank": file.node_rank,
            "size_bytes": file.size_bytes,
            "last_modified": moment(file.last_modified or checkpoint.created_at),
        }
        for index, file in enumerate(files[start:end], start)
    ]
    return answer(
        {
            "presigned_urls": urls,
            "next_page_token": end if end < len(files) else None,
            "total_count": len(files),
        }
    )
