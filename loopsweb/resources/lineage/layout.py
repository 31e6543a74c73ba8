"""Where the nodes of a graph stand in the picture, and how its edges run: columns from the left."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from loopsweb.resources.lineage.graph import Edge, Graph, Node

WIDTH, HEIGHT = 190, 44  # of a node, in pixels
COLUMN, ROW = 250, 58
MARGIN = 8


@dataclass(frozen=True)
class PlacedNode:
    node: Node
    x: int
    y: int


@dataclass(frozen=True)
class PlacedEdge:
    edge: Edge
    d: str


@dataclass(frozen=True)
class Picture:
    nodes: list[PlacedNode]
    edges: list[PlacedEdge]
    width: int
    height: int


def draw(graph: Graph) -> Picture:
    """A column for each rank; in it, nodes in the order of the tree, so that few edges cross."""
    columns = defaultdict[int, int](int)
    placed: dict[str, PlacedNode] = {}
    for key, _, _ in graph.tree:
        rank = graph.ranks[key]
        y = MARGIN + columns[rank] * ROW
        placed[key] = PlacedNode(graph.nodes[key], MARGIN + rank * COLUMN, y)
        columns[rank] += 1
    edges = [
        PlacedEdge(edge, route(placed[edge.source], placed[edge.target])) for edge in graph.edges
    ]
    return Picture(
        list(placed.values()),
        edges,
        width=2 * MARGIN + max(columns, default=0) * COLUMN + WIDTH,
        height=2 * MARGIN + max(columns.values(), default=1) * ROW - (ROW - HEIGHT),
    )


def route(source: PlacedNode, target: PlacedNode) -> str:
    """A curve from the right of one to the left of the other."""
    x1, y1 = source.x + WIDTH, source.y + HEIGHT // 2
    x2, y2 = target.x, target.y + HEIGHT // 2
    bend = max(30, (x2 - x1) // 2)
    return f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
