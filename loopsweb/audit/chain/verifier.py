"""Follow a chain from its start, link by link. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loopsweb.audit.chain.erased_ranges import ERASURE, places_of
from loopsweb.audit.chain.format import GENESIS, PERSONAL, commitment, link

SALT = re.compile("[0-9a-f]{32}")
UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, RecursionError, OverflowError)
Line = dict[str, Any]


class Broken(Exception):
    """The trail does not hold. `sequence` is the first bad link, 0 for the export as a whole."""

    def __init__(self, sequence: int, what: str) -> None:
        super().__init__(f"#{sequence}: {what}" if sequence else what)
        self.sequence = sequence


@dataclass(frozen=True)
class Verified:
    workspace: str
    sequence: int
    digest: str
    erased: int


def check_links(workspace: str, links: Iterable[Line], *, heads: Iterable[Line] = ()) -> Verified:
    """Follow the chain from its start. Each of `heads` must be one of its links. Raises Broken."""
    expected = digests_of(workspace, heads)
    previous, sequence = GENESIS, 0
    gone, recorded = set[tuple[str, int]](), set[tuple[str, int]]()
    links = iter(links)
    for one in links:
        sequence += 1
        if one["body"].get("sequence") != sequence:
            raise out_of_place(one, sequence, rest=links)
        check_link(one, workspace=workspace, sequence=sequence, previous=previous)
        gone.update((name, sequence) for name, kept in one["personal"].items() if kept is None)
        if one["body"]["action"] == ERASURE:
            recorded |= places_of(one["body"]["answer"])
        previous = one["digest"]
        if expected.pop(sequence, previous) != previous:
            raise Broken(sequence, "differs from the head that was handed out")
    if lost := sorted(number for _, number in gone - recorded):
        raise Broken(lost[0], f"{len(lost)} personal values are gone without a record of it")
    if back := sorted(number for _, number in recorded - gone):
        raise Broken(back[0], "a personal value that was erased is there again")
    if expected:
        last = max(expected)
        raise Broken(
            sequence + 1, f"truncated: a head for #{last} was handed out, the tail is gone"
        )
    return Verified(workspace, sequence, previous, len(gone))


def digests_of(workspace: str, heads: Iterable[Line]) -> dict[int, str]:
    """{number: the digest that was handed out for it}, of that workspace. Raises Broken."""
    found: dict[int, str] = {}
    for head in heads:
        number, digest = head["sequence"], head["digest"]
        if head["workspace"] != workspace or not number:
            continue
        if found.setdefault(number, digest) != digest:
            raise Broken(number, "two heads that were handed out for it differ: it was rewritten")
    return found


def out_of_place(one: Line, sequence: int, *, rest: Iterable[Line]) -> Broken:
    """What it is when another link stands where `sequence` should: the rest tells."""
    found = one["body"].get("sequence")
    what = "missing"
    if not isinstance(found, int) or found < sequence:
        what = "inserted"
    elif any(later["body"].get("sequence") == sequence for later in rest):
        what = "reordered"
    return Broken(sequence, f"{what}: #{found} stands in its place")


def check_link(one: Line, *, workspace: str, sequence: int, previous: str) -> None:
    body = one["body"]
    if body.get("workspace") != workspace:
        raise Broken(sequence, f"belongs to the workspace {body.get('workspace')!r}")
    if one["previous"] != previous:
        raise Broken(sequence, "does not follow the link before it")
    if link(previous, body) != one["digest"]:
        raise Broken(sequence, "a field was changed: the digest does not fit")
    if set(one["personal"]) != set(PERSONAL):
        raise Broken(sequence, "its personal fields are not all there")
    for name, kept in one["personal"].items():
        if kept is None:
            continue
        fits = SALT.fullmatch(kept["salt"]) and set(kept) == {"salt", "value"}
        if not fits or commitment(kept["value"], kept["salt"]) != body["personal"][name]:
            raise Broken(sequence, f"the field {name} was changed")
