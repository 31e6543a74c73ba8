"""Exports a chain, or the part of it that proves one record, as JSON lines with their proof: a
signed head and a checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from tempfile import SpooledTemporaryFile

from loopsweb.audit.chain import signed_heads
from loopsweb.audit.chain.format import PERSONAL, encode_canonical_json
from loopsweb.audit.chain.stored import read_snapshot, verify_links
from loopsweb.audit.chain.verifier import JsonObject
from loopsweb.audit.models import Event
from loopsweb.audit.verify import KIND, RECORD

MAX_IN_MEMORY = 4_000_000  # bytes
NOTHING_PERSONAL = dict.fromkeys(PERSONAL)
Write = Callable[[JsonObject], None]


def export_chain(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """The lines of an export: a header, the links, a head signed now, and a checksum.

    Raises BrokenChain before the first line when the chain is not valid.
    """

    def write_links(write: Write) -> JsonObject:
        return signed_heads.sign_head(verify_links(workspace, on_link=write), now=now)

    return start({"kind": KIND, "v": 1, "workspace": workspace}, write_links)


def export_record(workspace: str, incident: str, *, now: datetime) -> Iterator[bytes]:
    """The same of one incident, of which there is an event: from its first link to the first head
    signed after its last, else to one signed now. The links between, of other incidents, are
    without personal values. Raises BrokenChain when the whole chain is not valid."""

    def write_links(write: Write) -> JsonObject:
        events = Event.objects.filter(workspace=workspace, incident=incident)
        numbers = sorted(events.values_list("sequence", flat=True))
        head = signed_heads.find_head(workspace, at_least=numbers[-1])

        def write_link(link: JsonObject) -> None:
            number = link["body"]["sequence"]
            if number >= numbers[0] and (head is None or number <= head["sequence"]):
                is_own = link["body"]["incident"] == incident
                write(link if is_own else link | {"personal": NOTHING_PERSONAL})

        verified = verify_links(workspace, [head] if head else [], on_link=write_link)
        return head or signed_heads.sign_head(verified, now=now)

    header = {"kind": RECORD, "v": 1, "workspace": workspace, "incident": incident}
    return start(header, write_links)


def start(header: JsonObject, write_links: Callable[[Write], JsonObject]) -> Iterator[bytes]:
    lines = build_lines(header, write_links)
    return chain([next(lines)], lines)


def build_lines(header: JsonObject, write_links: Callable[[Write], JsonObject]) -> Iterator[bytes]:
    """Writes the export to a temporary file first: a slow download does not block the database.

    write_links: writes the links and returns the head."""
    with SpooledTemporaryFile(max_size=MAX_IN_MEMORY) as file:
        checksum = hashlib.sha256()

        def write(line: JsonObject) -> None:
            raw = encode_canonical_json(line) + b"\n"
            checksum.update(raw)
            file.write(raw)

        write(header)
        with read_snapshot():
            write(write_links(write))
        file.write(encode_canonical_json({"kind": "end", "sha256": checksum.hexdigest()}) + b"\n")
        file.seek(0)
        yield from file
