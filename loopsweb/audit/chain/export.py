"""Exports a chain as JSON lines with its proof: a signed head and a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from tempfile import SpooledTemporaryFile

from loopsweb.audit.chain import signed_heads
from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.stored import read_snapshot, verify_links
from loopsweb.audit.chain.verifier import JsonObject
from loopsweb.audit.verify import KIND

MAX_IN_MEMORY = 4_000_000  # bytes


def export_chain(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """The lines of an export: a header, the links, a head signed now, and a checksum.

    Raises BrokenChain before the first line when the chain is not valid.
    """
    lines = build_export(workspace, now=now)
    return chain([next(lines)], lines)


def build_export(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """Writes the export to a temporary file first: a slow download does not block the database."""
    with SpooledTemporaryFile(max_size=MAX_IN_MEMORY) as file:
        checksum = hashlib.sha256()

        def write(line: JsonObject) -> None:
            raw = encode_canonical_json(line) + b"\n"
            checksum.update(raw)
            file.write(raw)

        write({"kind": KIND, "v": 1, "workspace": workspace})
        with read_snapshot():
            write(signed_heads.sign_head(verify_links(workspace, on_link=write), now=now))
        file.write(encode_canonical_json({"kind": "end", "sha256": checksum.hexdigest()}) + b"\n")
        file.seek(0)
        yield from file
