"""Whatever the connections, the picture and the list show each node and each edge once."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.resources.lineage.graph import Certainty, Edge, Graph, Node
from loopsweb.resources.lineage.layout import HEIGHT, WIDTH, draw
from loopsweb.resources.lineage.outline import outline

PLACES = st.integers(0, 6)
CONNECTIONS = st.lists(st.tuples(PLACES, PLACES), max_size=14, unique=True)


def build(connections: list[tuple[int, int]], count: int = 7) -> Graph:
    nodes = [Node("run", str(number), f"run {number}") for number in range(count)]
    edges = [
        Edge(nodes[one].key, nodes[other].key, Certainty.KNOWN, "") for one, other in connections
    ]
    return Graph({node.key: node for node in nodes}, edges)


def is_circular(connections: set[tuple[int, int]]) -> bool:
    """Plainly: what can be reached from what, until nothing is added."""
    reached = set(connections)
    while more := {(a, d) for a, b in reached for c, d in reached if b == c} - reached:
        reached |= more
    return any(one == other for one, other in reached)


@settings(max_examples=80)
@given(CONNECTIONS)
def test_picture_and_list_are_equal_and_nothing_overlaps(
    connections: list[tuple[int, int]],
) -> None:
    graph = build(connections)
    picture, items = draw(graph), outline(graph)
    drawn = [one.edge for one in picture.edges]
    listed = [one.edge for one in items if one.edge]
    listed += [edge for one in items for edge, _ in one.also]
    assert sorted(one.node.key for one in picture.nodes) == sorted(graph.nodes)
    assert sorted(one.node.key for one in items) == sorted(graph.nodes)
    assert sorted(map(repr, drawn)) == sorted(map(repr, graph.edges))
    assert sorted(map(repr, listed)) == sorted(map(repr, graph.edges))
    for one, other in combinations(picture.nodes, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    for one in picture.nodes:
        assert 0 <= one.x <= picture.width - WIDTH
        assert 0 <= one.y <= picture.height - HEIGHT


@settings(max_examples=80)
@given(CONNECTIONS)
def test_without_circles_everything_comes_right_of_what_it_came_from(
    connections: list[tuple[int, int]],
) -> None:
    graph = build(connections)
    backward = graph.find_backward_edges()
    assert bool(backward) == is_circular(set(connections))
    for edge in graph.edges:
        assert edge in backward or graph.ranks[edge.source] < graph.ranks[edge.target]


@given(CONNECTIONS)
def test_the_list_is_well_nested(connections: list[tuple[int, int]]) -> None:
    open_lists = 0
    items = outline(build(connections))
    for item, (_, _, depth) in zip(items, build(connections).tree, strict=True):
        assert open_lists == depth
        open_lists += item.opens - len(item.closes)
    assert open_lists == 0


def test_a_long_chain_needs_no_recursion() -> None:
    graph = build([(number, number + 1) for number in range(1999)], count=2000)
    assert len(outline(graph)) == 2000
    assert draw(graph).nodes[-1].x > draw(graph).nodes[0].x
