"""Reads chains from the database and checks them with verifier.py. Stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager

from django.db import DataError, connection

from loopsweb.audit.chain.format import PERSONAL
from loopsweb.audit.chain.verifier import (
    UNREADABLE,
    BrokenChain,
    JsonObject,
    VerifiedChain,
    check_links,
)
from loopsweb.audit.models import Chain, Event, SignedHead


def list_workspaces() -> list[str]:
    """Every workspace with a chain, an event or a signed head, even if the others are missing."""
    names: set[str] = set()
    for model in (Chain, Event, SignedHead):
        names.update(model.objects.order_by().values_list("workspace", flat=True).distinct())
    return sorted(names)


def verify_stored_chain(workspace: str, *, heads: Iterable[JsonObject] = ()) -> VerifiedChain:
    """Verify a chain up to its head, and that it contains `heads`. Raises BrokenChain."""
    with read_snapshot():
        return verify_links(workspace, heads)


@contextmanager
def read_snapshot() -> Iterator[None]:
    """All reads inside see the same moment and block no writer."""
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


def verify_links(
    workspace: str,
    heads: Iterable[JsonObject] = (),
    *,
    on_link: Callable[[JsonObject], object] = lambda _link: None,
) -> VerifiedChain:
    """Like verify_stored_chain, inside the caller's snapshot.

    on_link: called with each link, in order, before it is checked.
    """
    head = Chain.objects.filter(workspace=workspace).first()
    events = Event.objects.filter(workspace=workspace)
    if head is None:
        if events.exists():
            raise BrokenChain(1, "inserted: the chain head is missing")
        head = Chain(workspace=workspace)
    try:
        with closing(read_links(workspace, up_to=head.sequence)) as links:
            verified = check_links(workspace, call_for_each(links, on_link), heads=heads)
    except (*UNREADABLE, DataError) as error:
        raise BrokenChain(0, f"A link could not be read: {type(error).__name__}") from error
    if (verified.sequence, verified.digest) != (head.sequence, head.digest):
        raise BrokenChain(verified.sequence + 1, f"missing: the chain head is #{head.sequence}")
    if events.count() != head.sequence:
        raise BrokenChain(head.sequence + 1, "inserted: some events are not part of the chain")
    return verified


def read_links(workspace: str, *, up_to: int) -> Generator[JsonObject, None, None]:
    """The links in order, as in an export. Close it unless it was read to its end, because it
    holds a database cursor."""
    events = Event.objects.filter(workspace=workspace, sequence__lte=up_to)
    for event in events.order_by("sequence", "pk").iterator(chunk_size=2000):
        yield {
            "body": event.body(),
            "previous": event.previous,
            "digest": event.digest,
            "personal": {name: read_personal_value(event, name) for name in PERSONAL},
        }


def read_personal_value(event: Event, name: str) -> dict[str, str] | None:
    """Value and salt, None when both were erased."""
    value, salt = getattr(event, name), getattr(event, f"{name}_salt")
    return {"value": value, "salt": salt} if value or salt else None


def call_for_each(
    links: Iterable[JsonObject], on_link: Callable[[JsonObject], object]
) -> Iterator[JsonObject]:
    for link in links:
        on_link(link)
        yield link
