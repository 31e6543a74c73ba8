"""A workspace's trail out of the database: verified where it stands, or exported with its proof."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain
from tempfile import SpooledTemporaryFile

from django.db import DataError, connection

from loopsweb.audit.chain import checkpoints
from loopsweb.audit.chain.format import PERSONAL, canonical
from loopsweb.audit.chain.verifier import UNREADABLE, Broken, Line, Verified, check_links
from loopsweb.audit.models import Chain, Event, SignedHead
from loopsweb.audit.verify import KIND

IN_MEMORY = 4_000_000  # bytes


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


@contextmanager
def standing_still() -> Iterator[None]:
    """What is read within is of one moment, whoever writes meanwhile, and holds nobody up."""
    if connection.in_atomic_block:
        yield
        return
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN" if is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def verify(workspace: str, *, handed_out: Iterable[Line] = ()) -> Verified:
    """Follow the chain in the database up to its head. Raises Broken."""
    with standing_still():
        return follow(workspace, handed_out)


def follow(
    workspace: str,
    handed_out: Iterable[Line] = (),
    *,
    seen: Callable[[Line], object] = lambda _line: None,
) -> Verified:
    """seen: told of each link, in order, before it is checked."""
    head = Chain.objects.filter(workspace=workspace).first()
    events = Event.objects.filter(workspace=workspace)
    if head is None:
        if events.exists():
            raise Broken(1, "inserted: the chain's head is gone")
        head = Chain(workspace=workspace)
    try:
        with closing(links(workspace, up_to=head.sequence)) as ours:
            verified = check_links(workspace, passed(ours, seen), heads=handed_out)
    except (*UNREADABLE, DataError) as error:
        raise Broken(0, f"A link cannot be read: {type(error).__name__}") from error
    if (verified.sequence, verified.digest) != (head.sequence, head.digest):
        raise Broken(verified.sequence + 1, f"missing: the chain's head is #{head.sequence}")
    if events.count() != head.sequence:
        raise Broken(head.sequence + 1, "inserted: there are events that are no links of the chain")
    return verified


def passed(lines: Iterable[Line], seen: Callable[[Line], object]) -> Iterator[Line]:
    for line in lines:
        seen(line)
        yield line


def keep_signed(workspace: str, *, now: datetime, handed_to: str = "") -> SignedHead:
    """Sign the head of a chain that holds, and keep that it was done. Raises Broken."""
    head = checkpoints.sign(verify(workspace), now=now)
    return SignedHead.objects.create(workspace=workspace, at=now, head=head, handed_to=handed_to)


def export(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """Lines of an export: what it is, the links, a head signed now, and a checksum of it all.

    Raises Broken: what does not hold is given no proof, nor a first line, which comes once all of
    it was followed.
    """
    lines = exported(workspace, now=now)
    return chain([next(lines)], lines)


def exported(workspace: str, *, now: datetime) -> Iterator[bytes]:
    """All of it is read at once, into a file of its own: no slow reader holds the database."""
    with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
        whole = hashlib.sha256()

        def keep(line: Line) -> None:
            raw = canonical(line) + b"\n"
            whole.update(raw)
            kept.write(raw)

        keep({"kind": KIND, "v": 1, "workspace": workspace})
        with standing_still():
            keep(checkpoints.sign(follow(workspace, seen=keep), now=now))
        kept.write(canonical({"kind": "end", "sha256": whole.hexdigest()}) + b"\n")
        kept.seek(0)
        yield from kept
