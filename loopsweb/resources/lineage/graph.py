"""Nodes and edges, and in which order they are shown. The picture and the list both read this."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Certainty(StrEnum):
    """known: the API says so. declared: somebody asked for it. inferred: it fits."""

    KNOWN = "known"
    DECLARED = "declared"
    INFERRED = "inferred"


@dataclass(frozen=True)
class Node:
    """kind: the singular of its noun. url: "" where it has no page. note: its status or target."""

    kind: str
    remote_id: str
    label: str
    note: str = ""
    url: str = ""
    is_here: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind} {self.remote_id}"


@dataclass(frozen=True)
class Edge:
    """From what came first to what came from it, by their keys. why: in a few words."""

    source: str
    target: str
    certainty: Certainty
    why: str


@dataclass
class Graph:
    """left_out: how many more there are at least, beyond what is shown."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    left_out: int = 0

    @cached_property
    def outgoing(self) -> dict[str, list[Edge]]:
        found = defaultdict[str, list[Edge]](list)
        for edge in self.edges:
            found[edge.source].append(edge)
        return found

    @cached_property
    def tree(self) -> list[tuple[str, Edge | None, int]]:
        """Each node once, with the edge that leads to it and its depth: roots first, each followed
        by all that comes from it. A node with several parents stands below the first; one in a
        circle, where the circle is entered."""
        is_child = {edge.target for edge in self.edges if edge.source != edge.target}
        roots = [key for key in self.nodes if key not in is_child]
        seen: set[str] = set()
        order: list[tuple[str, Edge | None, int]] = []
        for root in [*roots, *self.nodes]:
            waiting: list[tuple[str, Edge | None, int]] = [(root, None, 0)]
            while waiting:
                key, edge, depth = waiting.pop()
                if key in seen:
                    continue
                seen.add(key)
                order.append((key, edge, depth))
                below = [(one.target, one, depth + 1) for one in self.outgoing.get(key, [])]
                waiting += reversed(below)
        return order

    @cached_property
    def ranks(self) -> dict[str, int]:
        """How many steps each node is from the beginning, by the longest way; edges that close a
        circle do not count."""
        backward = self.find_backward_edges()
        ranks = dict.fromkeys(self.nodes, 0)
        degree = dict.fromkeys(self.nodes, 0)
        forward = [edge for edge in self.edges if edge not in backward]
        for edge in forward:
            degree[edge.target] += 1
        ready = [key for key, count in degree.items() if count == 0]
        while ready:
            key = ready.pop()
            for edge in self.outgoing.get(key, []):
                if edge in backward:
                    continue
                ranks[edge.target] = max(ranks[edge.target], ranks[key] + 1)
                degree[edge.target] -= 1
                if degree[edge.target] == 0:
                    ready.append(edge.target)
        return ranks

    def find_backward_edges(self) -> set[Edge]:
        """Those that lead back to a node from which their source was reached."""
        backward, done = set[Edge](), set[str]()
        for root in self.nodes:
            path: set[str] = set()
            waiting: list[tuple[str, bool]] = [(root, True)]
            while waiting:
                key, is_entry = waiting.pop()
                if not is_entry:
                    path.discard(key)
                    done.add(key)
                    continue
                if key in done or key in path:
                    continue
                path.add(key)
                waiting.append((key, False))
                for edge in self.outgoing.get(key, []):
                    if edge.target in path:
                        backward.add(edge)
                    elif edge.target not in done:
                        waiting.append((edge.target, True))
        return backward
