"""The stored figures of rows equal a plain computation, whatever changed and in which order."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from loopsweb.accounts.models import Workspace, set_up_team
from loopsweb.resources.deployments.run_pairing import (
    figure_sampler,
    pair_runs,
    price_deployments,
    select_with_prices,
)
from loopsweb.resources.figures.refresh import (
    refresh_after_store,
    refresh_everything,
    refresh_figures,
)
from loopsweb.resources.models import (
    Catalogue,
    Checkpoint,
    Deployment,
    Run,
    Sampler,
    StatusChange,
)
from loopsweb.resources.snapshot.models import FIGURES, Costed
from tests.personas import create_founder
from tests.resources.rows import FIRST_SEEN_AT

Steps = list[tuple[str, Any]]
MODELS: dict[str, type[Costed]] = {"run": Run, "sampler": Sampler, "deployment": Deployment}
NUMBERS = st.integers(0, 2)
TIMES = st.none() | st.integers(0, 50).map(lambda n: FIRST_SEEN_AT + timedelta(minutes=n))
IDS = {noun: st.sampled_from(["", f"{noun}-0", f"{noun}-1", f"{noun}-2"]) for noun in MODELS}
SEEN = {
    "created_at": TIMES,
    "missing_since": st.sampled_from([None, None, None, FIRST_SEEN_AT]),
    "is_status_omitted": st.sampled_from([False, False, False, True]),
}
MACHINES = {
    "instance_id": st.sampled_from(["h100", "l4", "rated", "unpriced"]),
    "gpu_count": st.sampled_from([None, 0, 2, 8]),
    "node_count": st.sampled_from([None, 1, 2]),
}
RUN = st.fixed_dictionaries(
    SEEN
    | {
        "status": st.sampled_from(["", "ACTIVE", "INACTIVE"]),
        "deployment_remote_id": IDS["deployment"],
        "sampler_remote_id": IDS["sampler"],
        "is_serverless": st.booleans(),
    }
)
SAMPLER = st.fixed_dictionaries(
    SEEN
    | MACHINES
    | {
        "status": st.sampled_from(["", "ACTIVE", "SCALED_TO_ZERO", "INACTIVE"]),
        "run_remote_id": IDS["run"],
        "raw": st.sampled_from([{}, {"model_id": None}]),
    }
)
DEPLOYMENT = st.fixed_dictionaries(
    SEEN
    | MACHINES
    | {
        "status": st.sampled_from(
            ["", "RUNNING", "RUNNING", "DEPLOYING", "SCALED_TO_ZERO", "STOPPED"]
        ),
        "active_run_remote_id": IDS["run"],
        "latest_run_remote_id": IDS["run"],
        "sampler_remote_id": IDS["sampler"],
        "raw": st.sampled_from([{}, {"sampler": None}]),
        "worked_at": TIMES,
        "worked_sign": st.sampled_from(["gpu", "requests", "busy", "serving"]),
    }
)
SIGNS = ("created", "status", "checkpoint", "requests", "gpu", "serving", "busy")
AT_WORK = ("RUNNING", "ACTIVE", "DEPLOYING", "UNHEARD_OF")
AT_REST = ("", "SCALED_TO_ZERO", "STOPPED", "INACTIVE", "DEACTIVATING")
CHANGES = [
    *((noun, word) for noun in MODELS for word in AT_WORK),
    *(("deployment", word) for word in ("", "SCALED_TO_ZERO", "STOPPED")),
    *(("sampler", word) for word in ("", "SCALED_TO_ZERO", "DEACTIVATING", "INACTIVE")),
    *(("run", word) for word in ("", "INACTIVE")),
]
CHANGED_AT = st.integers(0, 50).map(lambda n: FIRST_SEEN_AT + timedelta(minutes=n))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.tuples(NUMBERS, RUN)),
        st.tuples(st.just("sampler"), st.tuples(NUMBERS, SAMPLER)),
        st.tuples(st.just("deployment"), st.tuples(NUMBERS, DEPLOYMENT)),
        st.tuples(st.just("checkpoint"), st.tuples(NUMBERS, CHANGED_AT)),
        st.tuples(st.just("change"), st.tuples(st.sampled_from(CHANGES), NUMBERS, CHANGED_AT)),
        st.tuples(st.just("prices"), st.sampled_from(["0.10", "0.25"])),
    ),
    max_size=14,
)


class TestStoredFigures(TestCase):
    @settings(max_examples=40)
    @given(STEPS)
    def test_they_equal_a_plain_computation(self, steps: Steps) -> None:
        follow(steps)

    def test_what_a_sampler_leaves_is_counted_with_the_one_that_stays(self) -> None:
        machine = {"instance_id": "h100", "status": "ACTIVE"}
        follow(
            [
                ("run", (0, {"status": "ACTIVE"})),
                ("sampler", (0, machine | {"run_remote_id": "run-0"})),
                ("sampler", (1, machine | {"run_remote_id": "run-0"})),
                ("deployment", (0, {"status": "RUNNING", "latest_run_remote_id": "run-0"})),
                ("sampler", (1, {"run_remote_id": ""})),
            ]
        )
        [stays, leaves] = Sampler.objects.order_by("pk")
        assert (stays.pair_remote_id, leaves.pair_remote_id) == ("deployment-0", "")

    def test_a_run_that_leaves_its_deployment_ends_its_work_there(self) -> None:
        follow(
            [
                ("deployment", (0, {"status": "RUNNING"})),
                ("run", (0, {"status": "ACTIVE", "deployment_remote_id": "deployment-0"})),
                ("checkpoint", (0, FIRST_SEEN_AT)),
                ("run", (0, {"deployment_remote_id": ""})),
            ]
        )
        assert Deployment.objects.get().last_work_at is None


def follow(steps: Steps) -> None:
    """Take the steps, then compare what is stored with what follows from all rows at once."""
    workspace = set_up_team(name="Acme", founder=create_founder("alice")).workspaces.get()
    Catalogue.objects.create(
        workspace=workspace, prices={"h100": "0.10", "l4": "0.01"}, rates={"rated": "7"}
    )
    for kind, what in steps:
        take_step(workspace, kind, what)
    stored = {
        (noun, row.remote_id): {name: getattr(row, name) for name in FIGURES}
        for noun, model in MODELS.items()
        for row in model._default_manager.filter(workspace=workspace)
    }
    assert stored == compute_plainly(workspace)


def take_step(workspace: Workspace, kind: str, what: Any) -> None:
    """Store what a poll would, and refresh as it does."""
    seen = {"workspace": workspace, "first_seen_at": FIRST_SEEN_AT, "changed_at": FIRST_SEEN_AT}
    if kind == "prices":
        Catalogue.objects.filter(workspace=workspace).update(prices={"h100": what, "l4": "0.01"})
        refresh_everything(workspace)
    elif kind == "checkpoint":
        number, at = what
        run_id = f"run-{number}"
        name = f"{run_id}-{Checkpoint.objects.count()}"
        new = {"remote_id": name, "run_remote_id": run_id, "created_at": at}
        stored = Checkpoint.objects.create(**seen, **new)
        refresh_after_store(Checkpoint, workspace, [name], [stored])
    elif kind == "change":
        (noun, word), number, at = what
        remote_id = f"{noun}-{number}"
        StatusChange.objects.create(
            workspace=workspace, noun=noun, remote_id=remote_id, new=word, first_seen_new_at=at
        )
        refresh_figures(workspace, [(MODELS[noun], remote_id)])
    else:
        number, fields = what
        remote_id, model = f"{kind}-{number}", MODELS[kind]
        model._default_manager.update_or_create(
            workspace=workspace, remote_id=remote_id, defaults=seen | fields
        )
        refresh_figures(workspace, [(model, remote_id)])


def compute_plainly(workspace: Workspace) -> dict[tuple[str, str], dict[str, Any]]:
    """From all rows at once."""
    lines = price_deployments(select_with_prices(workspace).order_by("pk"))
    live = [line for line in lines if not line.deployment.is_terminal]
    runs = pair_runs(workspace, list(Run.objects.order_by("pk")))
    deployment_of = {
        pair.run.remote_id: pair.deployment
        for pair in runs
        if pair.is_current and not pair.run.is_terminal
        if pair.deployment and not pair.deployment.is_terminal
    }
    pair_work: dict[str, Any] = {}
    line_of_sampler: dict[str, Any] = {}
    for line in live:
        one = line.deployment
        work = [find_work("deployment", one.remote_id)]
        ids = {one.active_run_remote_id, one.latest_run_remote_id}
        ids |= {run for run, of in deployment_of.items() if of.remote_id == one.remote_id}
        work += [find_work("run", run_id) for run_id in ids]
        if line.sampler:
            work.append(find_work("sampler", line.sampler.remote_id))
            line_of_sampler[line.sampler.remote_id] = line
        pair_work[one.remote_id] = None if one.status == "DEPLOYING" else latest(work)
    expected = {}
    catalogue = Catalogue.objects.get(workspace=workspace)  # the workspace keeps an older one
    for line in lines:
        one = line.deployment
        expected["deployment", one.remote_id] = describe(
            one, line.figures, pair_work.get(one.remote_id), ""
        )
    for pair in runs:
        of = deployment_of.get(pair.run.remote_id)
        known = of and of.is_reported and of.status
        work_of_run = pair_work[of.remote_id] if of and known else None
        pair_id = of.remote_id if of else ""
        expected["run", pair.run.remote_id] = describe(pair.run, pair.figures, work_of_run, pair_id)
    for sampler in Sampler.objects.all():
        found = line_of_sampler.get(sampler.remote_id)
        pair_id = ""
        if (
            found
            and not sampler.is_terminal
            and (found.deployment.is_reported or not sampler.is_reported)
        ):
            pair_id = found.deployment.remote_id
        expected["sampler", sampler.remote_id] = describe(
            sampler,
            figure_sampler(sampler, catalogue),
            pair_work[found.deployment.remote_id] if found else None,
            pair_id,
        )
    return expected


def find_work(noun: str, remote_id: str) -> Any:
    rows = [row for row in MODELS[noun]._default_manager.all() if row.remote_id == remote_id]
    created = [(row.created_at, 0) for row in rows if row.created_at]  # type: ignore[attr-defined]
    changes = [
        (change.first_seen_new_at, 1)
        for change in StatusChange.objects.all()
        if (change.noun, change.remote_id) == (noun, remote_id) and rows
        if change.new not in AT_REST
    ]
    checkpoints = [
        (one.created_at, 2)
        for one in Checkpoint.objects.all()
        if noun == "run" and one.run_remote_id == remote_id and one.created_at and rows
    ]
    measured = [
        (row.worked_at, SIGNS.index(row.worked_sign))
        for row in rows
        if isinstance(row, Deployment) and row.worked_at
    ]
    return latest([*created, *changes, *checkpoints, *measured])


def latest(signs: list[Any]) -> Any:
    return max((sign for sign in signs if sign), default=None)


def describe(row: Any, figures: Any, work: Any, pair_id: str) -> dict[str, Any]:
    is_idle = row.is_reported and row.status and figures.gpus_held != 0 and work
    usd = figures.cost_per_hour
    return {
        "gpus": figures.gpus_held,
        "gpus_of": figures.gpus_of,
        "usd_per_hour": None if usd is None else Decimal(usd),
        "usd_of": figures.cost_of,
        "cost_source": figures.cost_source,
        "last_work_at": work[0] if is_idle else None,
        "last_work_sign": SIGNS[work[1]] if is_idle else "",
        "pair_remote_id": pair_id,
    }
