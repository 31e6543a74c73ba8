"""The files of checkpoints and debug archives, and the presigned URLs that serve them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlencode

from loopsweb.simulator.entities import Checkpoint, Deployment, StoredFile
from loopsweb.simulator.http_messages import Request, Response
from loopsweb.simulator.world import World

PREFIX = "/_simulator/files/"
URL_LIFETIME = timedelta(minutes=15)
MAX_FILE_BYTES = 2 * 1024**3
_STAMP = "%Y%m%dT%H%M%SZ"
_BLOCK = bytes(range(256)) * 256
FileOwner = Checkpoint | Deployment


def get_files(checkpoint: Checkpoint) -> list[StoredFile]:
    """The files that can be downloaded: none of a checkpoint that is still SYNCING."""
    if checkpoint.files is not None:
        return checkpoint.files
    if checkpoint.sync_status == "SYNCING":
        return []
    config = render_adapter_config(checkpoint)
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


def get_archive_files(deployment: Deployment) -> list[StoredFile]:
    """What each node of a failed deployment left behind for debugging."""
    nodes = range(deployment.node_count if deployment.status == "FAILED" else 0)
    names = (("stacks.txt", 48_211), ("dmesg.txt", 131_072))
    return [
        StoredFile(f"node_{node}/{name}", size, node, deployment.ended_at)
        for node in nodes
        for name, size in names
    ]


def find_files(world: World, owner_id: str) -> tuple[FileOwner | None, list[StoredFile]]:
    """What has this ID, and its files."""
    if (checkpoint := world.checkpoints.get(owner_id)) is not None:
        return checkpoint, get_files(checkpoint)
    deployment = world.deployments.get(owner_id)
    return deployment, [] if deployment is None else get_archive_files(deployment)


def render_adapter_config(checkpoint: Checkpoint) -> bytes:
    return json.dumps(checkpoint.lora_adapter_config or {}, indent=2).encode()


def sign_path(world: World, path: str, query: str) -> str:
    secret = f"simulated storage {world.seed}".encode()
    return hmac.new(secret, f"{path}?{query}".encode(), hashlib.sha256).hexdigest()


def presign_url(world: World, origin: str, owner: FileOwner, index: int, file: StoredFile) -> str:
    """A URL like an object store's, valid for fifteen minutes."""
    path = f"{PREFIX}{owner.id}/{index}/{file.relative_file_name}"
    query = urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"SIMULATED/{world.now:%Y%m%d}/us-east-1/s3/aws4_request",
            "X-Amz-Date": world.now.astimezone(UTC).strftime(_STAMP),
            "X-Amz-Expires": str(int(URL_LIFETIME.total_seconds())),
            "X-Amz-SignedHeaders": "host",
        }
    )
    return f"{origin}{quote(path)}?{query}&X-Amz-Signature={sign_path(world, path, query)}"


def serve_file(world: World, request: Request) -> Response:
    """Serve the file of a presigned URL. Errors are XML, as object stores send them."""
    if "authorization" in request.headers:
        return build_xml_error(400, "InvalidArgument", "Only one auth mechanism allowed.")
    signed, _, signature = request.query_string.partition("&X-Amz-Signature=")
    if not hmac.compare_digest(sign_path(world, request.path, signed).encode(), signature.encode()):
        return build_xml_error(403, "SignatureDoesNotMatch", "The signature does not match.")
    made = datetime.strptime(dict(parse_qsl(signed))["X-Amz-Date"], _STAMP).replace(tzinfo=UTC)
    if world.now >= made + URL_LIFETIME:
        return build_xml_error(403, "AccessDenied", "Request has expired")
    owner_id, index, _ = request.path.removeprefix(PREFIX).split("/", 2)
    owner, available = find_files(world, owner_id)
    if owner is None or int(index) >= len(available):
        return build_xml_error(404, "NoSuchKey", "The specified key does not exist.")
    file = available[int(index)]
    if file.size_bytes > MAX_FILE_BYTES:
        return build_xml_error(501, "NotImplemented", "The simulator serves files of up to 2 GiB.")
    return serve_bytes(owner, file, request.headers.get("range", ""))


def serve_bytes(owner: FileOwner, file: StoredFile, wanted: str) -> Response:
    """The whole file, or the part that a Range header asks for."""
    size, ranges = file.size_bytes, ("Accept-Ranges", "bytes")
    start, stop = parse_range(wanted, size)
    if start >= stop and wanted:
        failure = build_xml_error(416, "InvalidRange", "The requested range is not satisfiable")
        failure.headers = [("Content-Range", f"bytes */{size}")]
        return failure
    part = [("Content-Range", f"bytes {start}-{stop - 1}/{size}")] if wanted else []
    return Response(
        206 if wanted else 200,
        content_type="binary/octet-stream",
        headers=[ranges, *part],
        chunks=generate_content(owner, file, start, stop),
        length=stop - start,
    )


def parse_range(wanted: str, size: int) -> tuple[int, int]:
    """First byte and end of the one range of a Range header; all of the file without one."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if found is None or found.groups() == ("", ""):
        return 0, size if not wanted else 0
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size
    return int(first), min(int(last) + 1, size) if last else size


def generate_content(owner: FileOwner, file: StoredFile, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to before `stop`: JSON files are real, tensor files a valid header and
    filler."""
    if isinstance(owner, Deployment):
        head = f"{owner.id} {file.relative_file_name}\n".encode()
    elif file.relative_file_name.endswith(".json"):
        head = render_adapter_config(owner)
    else:
        table = json.dumps({"__metadata__": {"checkpoint": owner.name}}).encode()
        head = len(table).to_bytes(8, "little") + table
    yield head[start:stop]
    place = max(start, len(head))
    while place < stop:
        part = _BLOCK[(place - len(head)) % len(_BLOCK) :][: stop - place]
        yield part
        place += len(part)


def build_xml_error(status: int, code: str, message: str) -> Response:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(status, body.encode(), "application/xml")
