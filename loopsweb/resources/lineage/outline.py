"""The same graph as a nested list, for reading aloud, for small screens and for copying."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from loopsweb.resources.lineage.graph import Edge, Graph, Node


@dataclass(frozen=True)
class Item:
    """A node of the list. edge: to the one it stands below. also: edges from elsewhere, with where
    they come from. opens: whether a list of what came from it follows. closes: one for each list
    that ends after it."""

    node: Node
    edge: Edge | None
    also: list[tuple[Edge, Node]]
    opens: bool
    closes: range


def outline(graph: Graph) -> list[Item]:
    incoming = defaultdict[str, list[Edge]](list)
    for one in graph.edges:
        incoming[one.target].append(one)
    depths = [depth for _, _, depth in graph.tree]
    items = []
    for (key, edge, depth), following in zip(graph.tree, [*depths[1:], 0], strict=True):
        also = [(one, graph.nodes[one.source]) for one in incoming[key] if one is not edge]
        closes = range(max(0, depth - following))
        items.append(Item(graph.nodes[key], edge, also, following > depth, closes))
    return items
