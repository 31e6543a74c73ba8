"""Finds what a run came from and what came from it, level by level, up to a limit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.lineage.graph import Certainty, Edge, Graph, Node
from loopsweb.resources.lineage.inference import infer_starts
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.starts import REPORTED, Start, find_uris

MAX_NODES, MAX_RUNS, MAX_LEVELS = 200, 60, 8
STRENGTH = {Certainty.INFERRED: 0, Certainty.DECLARED: 1, Certainty.KNOWN: 2}
SAID = "the API says so"


@dataclass
class Findings:
    """starts: {"run id": (URI, certainty, why)}; likewise of samplers."""

    workspace: Workspace
    runs: dict[str, Run] = field(default_factory=dict)
    samplers: dict[str, Sampler] = field(default_factory=dict)
    starts: dict[str, tuple[CheckpointURI, Certainty, str]] = field(default_factory=dict)
    left_out: int = 0

    def note(self, key: str, uri: CheckpointURI, certainty: Certainty, why: str) -> None:
        """What is more certain stays."""
        before = self.starts.get(key)
        if before is None or STRENGTH[certainty] > STRENGTH[before[1]]:
            self.starts[key] = (uri, certainty, why)


def build_lineage(workspace: Workspace, remote_id: str) -> Graph:
    found = Findings(workspace)
    level, seen = {remote_id}, {remote_id}
    for _ in range(MAX_LEVELS):
        following = look_around(found, level) - seen
        found.left_out += max(0, len(seen) + len(following) - MAX_RUNS)
        level = set(sorted(following)[: MAX_RUNS - len(seen)])
        if not level:
            break
        seen |= level
    else:
        found.left_out = max(found.left_out, 1)
    return assemble(found, remote_id, seen)


def look_around(found: Findings, ids: Collection[str]) -> set[str]:
    """Load these runs with what is attached to them. Returns the runs they lead to."""
    workspace = found.workspace
    runs = Run.objects.in_workspace(workspace).filter(remote_id__in=ids)
    rows = {run.remote_id: run for run in runs.defer("search_text")}
    found.runs |= rows
    asked = Start.objects.filter(workspace=workspace)
    for start in asked.filter(Q(noun="run", remote_id__in=ids) | Q(from_run_id__in=ids))[
        :MAX_NODES
    ]:
        is_known = start.source == REPORTED
        why = SAID if is_known else "asked for when it was created here"
        certainty = Certainty.KNOWN if is_known else Certainty.DECLARED
        found.note(f"{start.noun} {start.remote_id}", start.uri, certainty, why)
    served = [key.partition(" ")[2] for key in found.starts if key.startswith("sampler ")]
    samplers = Sampler.objects.in_workspace(workspace).filter(
        Q(run_remote_id__in=ids) | Q(remote_id__in=served)
    )
    loaded = {one.remote_id: one for one in samplers.defer("search_text")[:MAX_NODES]}
    new = [one for one in loaded.values() if one.remote_id not in found.samplers]
    found.samplers |= loaded
    for row in [*rows.values(), *new]:
        for uri in find_uris(row.raw):
            found.note(f"{row.noun} {row.remote_id}", uri, Certainty.KNOWN, SAID)
    for run_id, uri, why in infer_starts(workspace, list(rows.values())):
        found.note(f"run {run_id}", uri, Certainty.INFERRED, why)
    leads = set[str]()
    for key, (uri, _, _) in found.starts.items():
        noun, _, remote_id = key.partition(" ")
        if noun == "sampler":
            leads.add(uri.run_id)
        elif not {uri.run_id, remote_id}.isdisjoint(ids):
            leads |= {uri.run_id, remote_id}
    return leads


def assemble(found: Findings, remote_id: str, seen: Collection[str]) -> Graph:
    """The graph: sessions, runs, checkpoints that something came from or that are the newest of
    their run, and samplers."""
    graph = Graph()
    shown = pick_checkpoints(found, seen)
    for run_id in sorted(seen, key=lambda one: one != remote_id):
        add_run(graph, found, run_id, is_here=run_id == remote_id)
    for uri, row in shown.items():
        add_checkpoint(graph, found.workspace, uri, row)
    for sampler in found.samplers.values():
        add_sampler(graph, found.workspace, sampler)
    for key, (uri, certainty, why) in found.starts.items():
        connect(graph, f"checkpoint {uri}", key, certainty, why)
    return limit(graph, left_out=found.left_out)


def pick_checkpoints(
    found: Findings, seen: Collection[str]
) -> dict[CheckpointURI, Checkpoint | None]:
    """{URI: its row, or None where none is known}."""
    wanted = {uri for uri, _, _ in found.starts.values()}
    named = Checkpoint.objects.in_workspace(found.workspace).filter(run_remote_id__in=seen)
    rows: dict[CheckpointURI, Checkpoint | None] = dict.fromkeys(wanted)
    newest: set[tuple[str, str]] = set()
    for row in named.defer("raw", "search_text").newest_first()[:2000]:
        try:
            uri = CheckpointURI(row.run_remote_id, row.target, row.name)
        except ValueError:
            continue
        if uri in wanted or (row.run_remote_id, row.target) not in newest:
            rows[uri] = rows.get(uri) or row
        newest.add((row.run_remote_id, row.target))
    return rows


def add_run(graph: Graph, found: Findings, run_id: str, *, is_here: bool) -> None:
    slug, run = found.workspace.slug, found.runs.get(run_id)
    url = reverse("runs:detail", args=[slug, run_id]) if run else ""
    note = (run.status or "status unknown") if run else "not reported by the API"
    label = (run.name if run else "") or run_id
    node = Node("run", run_id, label, note, url, is_here)
    session = run.session_remote_id if run else ""
    if session:
        page = reverse("sessions:detail", args=[slug, session])
        graph.nodes.setdefault(f"session {session}", Node("session", session, session, url=page))
    graph.nodes[node.key] = node
    connect(graph, f"session {session}", node.key, Certainty.KNOWN, SAID)


def add_checkpoint(
    graph: Graph, workspace: Workspace, uri: CheckpointURI, row: Checkpoint | None
) -> None:
    url = reverse("checkpoints:detail", args=[workspace.slug, row.remote_id]) if row else ""
    note = f"{uri.target} weights" if row else f"{uri.target} weights, not reported by the API"
    node = Node("checkpoint", str(uri), uri.name, note, url)
    graph.nodes[node.key] = node
    if f"run {uri.run_id}" not in graph.nodes:
        missing = Node("run", uri.run_id, uri.run_id, "not reported by the API")
        graph.nodes[missing.key] = missing
    certainty, why = (Certainty.KNOWN, SAID) if row else (Certainty.DECLARED, "its URI says so")
    connect(graph, f"run {uri.run_id}", node.key, certainty, why)


def add_sampler(graph: Graph, workspace: Workspace, sampler: Sampler) -> None:
    url = reverse("samplers:detail", args=[workspace.slug, sampler.remote_id])
    note = sampler.status or "status unknown"
    node = Node("sampler", sampler.remote_id, sampler.remote_id, note, url)
    graph.nodes[node.key] = node
    connect(
        graph, f"run {sampler.run_remote_id}", node.key, Certainty.KNOWN, "paired, the API says so"
    )


def connect(graph: Graph, source: str, target: str, certainty: Certainty, why: str) -> None:
    """Nothing where one of the two is not shown."""
    if source in graph.nodes and target in graph.nodes:
        graph.edges.append(Edge(source, target, certainty, why))


def limit(graph: Graph, *, left_out: int) -> Graph:
    kept = dict(list(graph.nodes.items())[:MAX_NODES])
    edges = [one for one in graph.edges if one.source in kept and one.target in kept]
    return Graph(kept, edges, left_out + len(graph.nodes) - len(kept))
