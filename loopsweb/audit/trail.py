"""A workspace's trail out of the database: verified where it stands, or exported with its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from loopsweb.audit import heads
from loopsweb.audit.chain import PERSONAL, canonical
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.verify import KIND, Broken, Line, Verified, check_links


def links(workspace: str, *, up_to: int) -> Generator[Line, None, None]:
    """The links in order, as an export has them. Close it when not read to its end: it holds a
    cursor of the database."""
    events = Event.objects.filter(workspace=workspace, sequence__lte=up_to)
    for event in events.order_by("sequence", "pk").iterator(chunk_size=2000):
        yield {
            "body": event.body(),
            "previous": event.previous,
            "digest": event.digest,
            "personal": {name: personal(event, name) for name in PERSONAL},
        }


def workspaces() -> list[str]:
    """Every workspace of which anything stands here: a head that is gone hides none."""
    found: set[str] = set()
    for model in (Chain, Event, SignedHead):
        found.update(model.objects.order_by().values_list("workspace", flat=True).distinct())
    return sorted(found)


def personal(event: Event, name: str) -> dict[str, str] | None:
    """Value and salt, None where it was erased. A value without its salt is not erased: changed."""
    value, salt = getattr(event, name), getattr(event, f"{name}_salt")
    return {"value": value, "salt": salt} if value or salt else None


def verify(workspace: str, *, handed_out: Iterable[Line] = ()) -> Verified:
    """Follow the chain in the database up to its head. Raises Broken."""
    head = Chain.objects.filter(workspace=workspace).first()
    if head is None:
        if Event.objects.filter(workspace=workspace).exists():
            raise Broken(1, "inserted: the chain's head is gone")
        head = Chain(workspace=workspace)
    with closing(links(workspace, up_to=head.sequence)) as ours:
        verified = check_links(workspace, ours, heads=handed_out)
    if (verified.sequence, verified.digest) != (head.sequence, head.digest):
        raise Broken(verified.sequence + 1, f"missing: the chain's head is #{head.sequence}")
    beyond = Event.objects.filter(workspace=workspace, sequence__gt=head.sequence).exists()
    newest = Chain.objects.filter(workspace=workspace).values_list("sequence", flat=True).first()
    if beyond and newest == head.sequence:  # not added since the head was read
        raise Broken(head.sequence + 1, "inserted: it is beyond the chain's head")
    return verified


def export(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """Lines of an export: what it is, the links, a head signed now, and a checksum of it all."""
    head = heads.sign(workspace, now=now)
    whole = hashlib.sha256()
    first: dict[str, Any] = {"kind": KIND, "v": 1, "workspace": workspace}
    for line in (first, *links(workspace, up_to=head["sequence"]), head):
        raw = canonical(line) + b"\n"
        whole.update(raw)
        yield raw
    yield canonical({"kind": "end", "sha256": whole.hexdigest()}) + b"\n"
