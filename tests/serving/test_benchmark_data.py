"""The made-up organisation is stored as polls of the same answers would have stored it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from io import StringIO
from typing import Any, TypeVar

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.loops_api import parsers
from loopsweb.resources.deployments import sync as deployments
from loopsweb.resources.models import (
    Catalogue,
    Checkpoint,
    Deployment,
    Run,
    Sampler,
    Session,
    StatusChange,
)
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.samplers import sync as samplers
from loopsweb.resources.sessions import sync as sessions
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import copy_columns, store_answer
from loopsweb.serving.benchmark_data.filling import fill_database
from loopsweb.serving.benchmark_data.founding import OWNER
from loopsweb.serving.benchmark_data.organisation import Training, generate_organisation
from tests.personas import login_as

pytestmark = pytest.mark.django_db

RUNS, CHECKPOINTS, SEED = 60, 90, 3
T = TypeVar("T")
NOT_COMPARED = {"id", "workspace_id", "source_key_id", "first_seen_at", "changed_at"}


def fill(now: datetime) -> Workspace:
    return fill_database(
        name="Benchmark",
        owner=OWNER,
        runs=RUNS,
        checkpoints=CHECKPOINTS,
        seed=SEED,
        now=now,
        report=lambda _stored: None,
    )


def generate(now: datetime) -> list[Training]:
    return list(generate_organisation(runs=RUNS, checkpoints=CHECKPOINTS, seed=SEED, now=now))


def list_rows(model: type[Snapshot], workspace: Workspace) -> list[dict[str, Any]]:
    rows = model._default_manager.filter(workspace=workspace).order_by("remote_id")
    return [{k: v for k, v in row.items() if k not in NOT_COMPARED} for row in rows.values()]


def parse(parser: Callable[[Any], T | None], objects: Iterable[dict[str, Any]]) -> list[T]:
    found = [parser(one) for one in objects]
    return [one for one in found if one is not None]


def store_as_polls_do(trainings: list[Training], poll: PollContext) -> None:
    store = partial(store_answer, poll=poll)
    listed = parse(parsers.parse_run, (one.run for one in trainings))
    sessions.store_sessions((one.session_id for one in listed if one.session_id), poll=poll)
    store(listed, partial(runs.build_row, detailed_at=poll.now), model=Run)
    found = parse(parsers.parse_sampler, (one.sampler for one in trainings))
    store(found, samplers.build_row, model=Sampler)
    samplers.pair_with_runs(poll=poll)
    pairs = parse(parsers.parse_deployment, (one.deployment for one in trainings))
    store(pairs, deployments.build_row, model=Deployment)
    saved = parse(parsers.parse_checkpoint, (raw for one in trainings for raw in one.checkpoints))
    store(saved, partial(copy_columns, Checkpoint), model=Checkpoint)


def test_rows_and_figures_are_those_that_polls_store(now: datetime, acme: Workspace) -> None:
    benchmark = fill(now)
    catalogue = Catalogue.objects.get(workspace=benchmark)
    Catalogue.objects.create(workspace=acme, prices=catalogue.prices, as_of=now)
    StatusChange.objects.filter(workspace=benchmark).update(workspace=acme)
    poll = PollContext.for_key(benchmark.keys.get(), now=now)
    poll = PollContext(workspace=acme, key=poll.key, covered_keys=poll.covered_keys, now=now)
    store_as_polls_do(generate(now), poll)
    for model in (Session, Run, Sampler, Deployment, Checkpoint):
        assert list_rows(model, benchmark) == list_rows(model, acme), model


def test_the_organisation_has_the_size_that_was_asked_for(now: datetime) -> None:
    workspace = fill(now)
    counts = {
        model: model._default_manager.filter(workspace=workspace).count()
        for model in (Run, Sampler, Deployment, Checkpoint)
    }
    assert counts == {Run: RUNS, Sampler: RUNS, Deployment: RUNS, Checkpoint: CHECKPOINTS}
    assert Counter(one.is_live for one in generate(now)) == {True: 1, False: RUNS - 1}
    ended = Run.objects.filter(workspace=workspace, status="INACTIVE")
    changed = StatusChange.objects.filter(workspace=workspace, noun="run")
    assert {one.remote_id: one.changed_at for one in ended} == dict(
        changed.values_list("remote_id", "first_seen_new_at")
    )
    assert not ended.filter(first_seen_at__lt=F("created_at")).exists()


def test_the_same_seed_gives_the_same_organisation(now: datetime) -> None:
    assert generate(now) == generate(now)
    other = generate_organisation(runs=RUNS, checkpoints=CHECKPOINTS, seed=SEED + 1, now=now)
    assert [one.run["id"] for one in other] != [one.run["id"] for one in generate(now)]


def test_pages_show_the_rows(db: None) -> None:
    workspace = fill(timezone.now())
    browser = login_as(User.objects.get(email=OWNER))
    for slug, noun in NOUNS.items():
        page = browser.get(reverse(f"{slug}:list", args=[workspace.slug]))
        rows = noun.model._default_manager.filter(workspace=workspace)
        assert page.context["page"].total == rows.count(), slug
        assert list(page.context["page"].rows)[:50] == list(order(rows)[:50]), slug
    ended = {"status": "STOPPED", "sort": "-cost"}
    found = browser.get(reverse("deployments:list", args=[workspace.slug]), ended)
    stopped = Deployment.objects.filter(workspace=workspace, status="STOPPED")
    assert found.context["page"].found == stopped.count() > 0
    word = generate(timezone.now())[0].run["name"]
    searched = browser.get(reverse("runs:list", args=[workspace.slug]), {"q": word})
    named = Run.objects.filter(workspace=workspace, name=word)
    assert searched.context["page"].found == named.count() > 0
    overview = browser.get(reverse("dashboard:overview", args=[workspace.slug]))
    held = Deployment.objects.filter(workspace=workspace).aggregate(Sum("gpus"))
    assert overview.context["spending"].gpus.known == held["gpus__sum"] > 0


def order(rows: QuerySet[Any]) -> QuerySet[Any]:
    newest = "-first_seen_at" if rows.model is Session else "-created_at"
    return rows.order_by(newest, "-pk")


def test_a_second_workspace_of_that_name_is_refused(db: None) -> None:
    out = StringIO()
    size = {"runs": 2, "checkpoints": 3}
    call_command("benchmark_data", **size, stdout=out)
    assert "2 of 2 runs stored" in out.getvalue()
    with pytest.raises(CommandError, match="already has a workspace “Benchmark”"):
        call_command("benchmark_data", **size)
    call_command("benchmark_data", **size, name="Other", stdout=out)
    assert Workspace.objects.filter(name__in=["Benchmark", "Other"]).count() == 2
