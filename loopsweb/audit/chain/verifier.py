"""The rules of a valid chain, applied to links from any source. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from loopsweb.audit.chain.erased_ranges import ERASURE, decode_erased_ranges
from loopsweb.audit.chain.format import GENESIS, PERSONAL, hash_link, hash_personal_value

SALT = re.compile("[0-9a-f]{32}")
UNREADABLE = (KeyError, TypeError, AttributeError, ValueError, RecursionError, OverflowError)
JsonObject = dict[str, Any]


class BrokenChain(Exception):
    """Verification failed at link `sequence`, or in the export as a whole when that is 0."""

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(f"#{sequence}: {problem}" if sequence else problem)
        self.sequence = sequence


@dataclass(frozen=True)
class VerifiedChain:
    """A valid chain, up to its last link `sequence`. `erased` counts its erased values. events: of
    the record, where it is the part of a chain that proves one; `first` is the first link of it."""

    workspace: str
    sequence: int
    digest: str
    erased: int
    first: int = 1
    events: tuple[int, ...] = ()


def check_links(
    workspace: str, links: Iterable[JsonObject], *, heads: Iterable[JsonObject] = ()
) -> VerifiedChain:
    """Verify all links. Each of `heads` must be one of them. Raises BrokenChain."""
    expected = index_heads(workspace, heads)
    previous, sequence = GENESIS, 0
    empty, erased = set[tuple[str, int]](), set[tuple[str, int]]()
    links = iter(links)
    for link in links:
        sequence += 1
        if link["body"].get("sequence") != sequence:
            raise describe_misplaced_link(link, sequence, rest=links)
        check_link(link, workspace=workspace, sequence=sequence, previous=previous)
        empty.update((name, sequence) for name, kept in link["personal"].items() if kept is None)
        if link["body"]["action"] == ERASURE:
            erased |= decode_erased_ranges(link["body"]["answer"])
        previous = link["digest"]
        if expected.pop(sequence, previous) != previous:
            raise BrokenChain(sequence, "does not match the signed head")
    if lost := sorted(number for _, number in empty - erased):
        raise BrokenChain(lost[0], f"{count_values(len(lost))} missing without a recorded erasure")
    if restored := sorted(number for _, number in erased - empty):
        raise BrokenChain(restored[0], "an erased personal value was restored")
    if expected:
        problem = f"truncated: the chain ends before #{max(expected)}, which has a signed head"
        raise BrokenChain(sequence + 1, problem)
    return VerifiedChain(workspace, sequence, previous, len(empty))


def check_record(
    workspace: str, incident: str, links: Iterable[JsonObject], *, heads: Iterable[JsonObject] = ()
) -> VerifiedChain:
    """Verify the events of one incident and all links up to the last one given. Those of other
    incidents may lack their personal values. Heads of links outside prove nothing here. Raises
    BrokenChain."""
    expected, events, erased = index_heads(workspace, heads), list[int](), 0
    first = sequence = 0
    previous = ""
    for link in links:
        if not first:
            first, previous = link["body"]["sequence"], link["previous"]
        sequence = (sequence or first - 1) + 1
        if link["body"].get("sequence") != sequence:
            raise BrokenChain(sequence, "missing, inserted or reordered")
        check_link(link, workspace=workspace, sequence=sequence, previous=previous)
        if link["body"]["incident"] == incident:
            events.append(sequence)
            erased += sum(kept is None for kept in link["personal"].values())
        previous = link["digest"]
        if expected.get(sequence, previous) != previous:
            raise BrokenChain(sequence, "does not match the signed head")
    if not events or events[0] != first:
        raise BrokenChain(first, "is not the first event of the record")
    return VerifiedChain(workspace, sequence, previous, erased, first, tuple(events))


def count_values(count: int) -> str:
    return f"{count} personal value{'' if count == 1 else 's'}"


def index_heads(workspace: str, heads: Iterable[JsonObject]) -> dict[int, str]:
    """{sequence: digest} of the workspace's heads. Raises BrokenChain when two contradict."""
    digests: dict[int, str] = {}
    for head in heads:
        sequence, digest = head["sequence"], head["digest"]
        if head["workspace"] != workspace or not sequence:
            continue
        if digests.setdefault(sequence, digest) != digest:
            raise BrokenChain(sequence, "two signed heads differ: the chain was rewritten")
    return digests


def describe_misplaced_link(
    link: JsonObject, sequence: int, *, rest: Iterable[JsonObject]
) -> BrokenChain:
    """Explain why `link` is in the place of link `sequence`, judged by the links after it."""
    found = link["body"].get("sequence")
    problem = "missing"
    if not isinstance(found, int) or found < sequence:
        problem = "inserted"
    elif any(later["body"].get("sequence") == sequence for later in rest):
        problem = "reordered"
    return BrokenChain(sequence, f"{problem}: found #{found} in its place")


def check_link(link: JsonObject, *, workspace: str, sequence: int, previous: str) -> None:
    """Raises BrokenChain."""
    body = link["body"]
    if body.get("workspace") != workspace:
        raise BrokenChain(sequence, f"belongs to the workspace {body.get('workspace')!r}")
    if link["previous"] != previous:
        raise BrokenChain(sequence, "does not follow the link before it")
    if hash_link(previous, body) != link["digest"]:
        raise BrokenChain(sequence, "a field was changed: the digest does not match")
    if set(link["personal"]) != set(PERSONAL):
        raise BrokenChain(sequence, "the list of personal fields is not complete")
    for name, kept in link["personal"].items():
        if kept is None:
            continue
        is_complete = SALT.fullmatch(kept["salt"]) and set(kept) == {"salt", "value"}
        if not is_complete or hash_personal_value(**kept) != body["personal"][name]:
            raise BrokenChain(sequence, f"the field {name} was changed")
