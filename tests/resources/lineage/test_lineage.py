"""What the page of a run's lineage connects, and how sure it is of each connection."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.lineage import collect
from loopsweb.resources.lineage.collect import build_lineage
from loopsweb.resources.models import Checkpoint, Run, Sampler
from loopsweb.resources.snapshot.starts import record_start
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row


def add_run(workspace: Workspace, run_id: str, *, hours: int = 0, **fields: Any) -> Run:
    at = FIRST_SEEN_AT + timedelta(hours=hours)
    return add_row(Run, workspace, run_id, created_at=at, base_model="Q", **fields)


def add_checkpoint(workspace: Workspace, run: str, name: str, *, hours: int = 0) -> None:
    fields = {"run_remote_id": run, "name": name, "target": "trainer"}
    at = FIRST_SEEN_AT + timedelta(hours=hours)
    add_row(Checkpoint, workspace, f"{run}-{name}", created_at=at, **fields)


def connections(workspace: Workspace, run_id: str) -> set[str]:
    graph = build_lineage(workspace, run_id)
    names = {key: node.label for key, node in graph.nodes.items()}
    return {f"{names[e.source]} > {names[e.target]} {e.certainty}" for e in graph.edges}


def test_what_the_api_says_is_known(acme: Workspace) -> None:
    add_run(acme, "r", session_remote_id="s")
    add_checkpoint(acme, "r", "step-1")
    add_checkpoint(acme, "r", "step-2", hours=1)
    add_row(Sampler, acme, "paired", run_remote_id="r")
    add_run(acme, "other", session_remote_id="t")
    assert connections(acme, "r") == {"s > r known", "r > step-2 known", "r > paired known"}


def test_what_was_asked_for_is_declared_in_both_directions(acme: Workspace) -> None:
    for run_id in ("first", "second", "third"):
        add_run(acme, run_id)
    add_checkpoint(acme, "first", "old")
    add_checkpoint(acme, "first", "new", hours=1)
    add_row(Sampler, acme, "served")
    record_start(acme, "run", "second", "bt://trainers:first/weights/old")
    record_start(acme, "run", "third", "bt://loops:second/weights/gone")
    record_start(acme, "sampler", "served", "bt://loops:second/sampler_weights/x")
    record_start(acme, "run", "third", "not a URI")
    expected = {
        "first > old known",
        "first > new known",
        "old > second declared",
        "second > gone declared",
        "gone > third declared",
        "second > x declared",
        "x > served declared",
    }
    for run_id in ("first", "second", "third"):
        assert connections(acme, run_id) == expected
    notes = {node.label: node.note for node in build_lineage(acme, "third").nodes.values()}
    assert notes["gone"] == "trainer weights, not reported by the API"


def test_a_uri_in_an_answer_is_known(acme: Workspace) -> None:
    run = add_run(acme, "r")
    run.raw = {"config": {"load_checkpoint_path": "bt://loops:elsewhere/weights/w"}}
    run.save()
    found = connections(acme, "r")
    assert found == {"elsewhere > w declared", "w > r known"}


def test_what_only_fits_is_inferred_and_gives_way(acme: Workspace) -> None:
    for number, run_id in enumerate(("a", "b")):
        add_run(acme, run_id, hours=10 * number, session_remote_id="s")
    add_checkpoint(acme, "a", "step-1", hours=1)
    add_checkpoint(acme, "a", "step-2", hours=9)
    add_checkpoint(acme, "a", "later", hours=11)
    assert "step-2 > b inferred" in connections(acme, "b")
    assert "step-2 > b inferred" in connections(acme, "a")
    record_start(acme, "run", "b", "bt://loops:a/weights/step-1")
    assert {one for one in connections(acme, "a") if " b " in one} == {
        "s > b known",
        "step-1 > b declared",
    }


def test_circles_and_crowds_end(acme: Workspace, monkeypatch: Any) -> None:
    add_run(acme, "a")
    add_run(acme, "b")
    record_start(acme, "run", "a", "bt://loops:b/weights/x")
    record_start(acme, "run", "b", "bt://loops:a/weights/y")
    assert len(connections(acme, "a")) == 4
    monkeypatch.setattr(collect, "MAX_RUNS", 5)
    for number in range(9):
        add_run(acme, f"child{number}")
        record_start(acme, "run", f"child{number}", "bt://loops:a/weights/y")
    graph = build_lineage(acme, "a")
    assert (len([one for one in graph.nodes.values() if one.kind == "run"]), graph.left_out) == (
        5,
        6,
    )


def load(browser: Client, run: Run) -> str:
    url = reverse("run-lineage", args=[run.workspace.slug, run.remote_id])
    return unescape(browser.get(url).content.decode())


def test_the_picture_and_the_list_name_the_same(vic: User, acme: Workspace) -> None:
    run = add_run(acme, "r", session_remote_id="s", name="<b>" + "long" * 60)
    add_checkpoint(acme, "r", 'a"b')
    page = load(login_as(vic), run)
    picture, _, items = page.partition("As a list")
    for attribute in ("node", "edge"):
        found = [
            sorted(re.findall(rf'data-{attribute}="(.*?)"[ >]', part)) for part in (picture, items)
        ]
        assert found[0] == found[1] != []


def test_a_run_created_here_keeps_what_it_started_from(
    otto: User, acme: Workspace, key: Key, loops: Simulator
) -> None:
    world = loops.world
    source = next(
        one for one in world.checkpoints.values() if one.target == "trainer" and one.lora_config
    )
    add_run(acme, source.run.id)
    browser = login_as(otto)
    url = reverse("runs:create", args=[acme.slug])
    once = re.findall(r'name="once" value="([^"]+)"', browser.get(url).content.decode())[0]
    session = world.runs[source.run.id].session_id
    browser.post(
        url,
        {
            "once": once,
            "session_id": session,
            "base_model": source.base_model,
            "path": source.uri,
        },
    )
    created = Run.objects.exclude(remote_id=source.run.id).get()
    assert f"{source.name} > {created.name} declared" in connections(acme, created.remote_id)
    assert load(browser, created).count("declared: asked for when it was created here") == 2


def test_the_number_of_queries_does_not_grow_with_rows(
    vic: User, acme: Workspace, django_assert_max_num_queries: Any
) -> None:
    run = add_run(acme, "r", session_remote_id="s")
    for number in range(30):
        add_checkpoint(acme, "r", f"step-{number}", hours=number)
        add_run(acme, f"child{number}")
        record_start(acme, "run", f"child{number}", f"bt://loops:r/weights/step-{number}")
    browser = login_as(vic)
    with django_assert_max_num_queries(40):
        assert len(load(browser, run)) < 200_000
