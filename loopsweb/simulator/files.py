"""The files of a checkpoint, and presigned URLs that serve them from the simulator itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from .checkpoint_entities import Checkpoint, StoredFile
from .exchange import Answer, Request
from .world import World

PREFIX = "/_simulator/files/"
EXPIRES = timedelta(minutes=15)
LARGEST = 2 * 1024**3
_STAMP = "%Y%m%dT%H%M%SZ"
_BLOCK = bytes(range(256)) * 256


def files_of(checkpoint: Checkpoint) -> list[StoredFile]:
    """What can be downloaded: nothing of a checkpoint that is still SYNCING."""
    if checkpoint.files is not None:
        return checkpoint.files
    if checkpoint.sync_status == "SYNCING":
        return []
    config = adapter_config(checkpoint)
    small = StoredFile("adapter_config.json", len(config))
    rest = max(checkpoint.size_bytes - len(config), 0)
    if checkpoint.target == "sampler":
        return [StoredFile("adapter_model.safetensors", rest), small]
    nodes = checkpoint.node_count
    share, left = divmod(rest, 2 * nodes)
    parts = [
        StoredFile(
            f"rank_{node}/{part}.safetensors", share + (left if node + kind == 0 else 0), node
        )
        for node in range(nodes)
        for kind, part in enumerate(("adapter_model", "optimizer"))
    ]
    return [*parts, small]


def adapter_config(checkpoint: Checkpoint) -> bytes:
    return json.dumps(checkpoint.lora_adapter_config or {}, indent=2).encode()


def sign(world: World, path: str, query: str) -> str:
    secret = f"simulated storage {world.seed}".encode()
    return hmac.new(secret, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def presign(world: World, origin: str, checkpoint: Checkpoint, index: int, file: StoredFile) -> str:
    """A URL good for fifteen minutes, of the form that object stores give out."""
    path = f"{PREFIX}{checkpoint.id}/{index}/{file.relative_file_name}"
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SIMULATED/{world.now:%Y%m%d}/us-east-1/s3/aws4_request",
            "X-Amz-Date": world.now.astimezone(UTC).strftime(_STAMP),
            "X-Amz-Expires": str(int(EXPIRES.total_seconds())),
            "X-Amz-SignedHeaders": "host",
        }
    )
    return f"{origin}{quote(path)}?{query}&X-Amz-Signature={sign(world, path, query)}"


def serve(world: World, request: Request) -> Answer:
    """The bytes behind a presigned URL; XML refusals as an object store words them."""
    if "authorization" in request.headers:
        return refusal(400, "InvalidArgument", "Only one auth mechanism allowed.")
    signed, _, signature = request.query_string.partition("&X-Amz-Signature=")
    if not hmac.compare_digest(sign(world, request.path, signed).encode(), signature.encode()):
        return refusal(403, "SignatureDoesNotMatch", "The signature does not match.")
    made = datetime.strptime(dict(parse_qsl(signed))["X-Amz-Date"], _STAMP).replace(tzinfo=UTC)
    if world.now >= made + EXPIRES:
        return refusal(403, "AccessDenied", "Request has expired")
    checkpoint_id, index, _ = request.path.removeprefix(PREFIX).split("/", 2)
    checkpoint = world.checkpoints.get(checkpoint_id)
    available = [] if checkpoint is None else files_of(checkpoint)
    if checkpoint is None or int(index) >= len(available):
        return refusal(404, "NoSuchKey", "The specified key does not exist.")
    file = available[int(index)]
    if file.size_bytes > LARGEST:
        return refusal(501, "NotImplemented", "The simulator serves files of up to 2 GiB.")
    return Answer(
        content_type="binary/octet-stream",
        chunks=content(checkpoint, file),
        length=file.size_bytes,
    )


def content(checkpoint: Checkpoint, file: StoredFile) -> Iterator[bytes]:
    """As many bytes as the file's size says: JSON is real JSON, tensors are a readable header
    and then filler."""
    if file.relative_file_name.endswith(".json"):
        head = adapter_config(checkpoint)
    else:
        table = json.dumps({"__metadata__": {"checkpoint": checkpoint.name}}).encode()
        head = len(table).to_bytes(8, "little") + table
    yield head[: file.size_bytes]
    left = file.size_bytes - len(head)
    while left > 0:
        yield _BLOCK[:left]
        left -= len(_BLOCK)


def refusal(status: int, code: str, message: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, body.encode(), "application/xml")
