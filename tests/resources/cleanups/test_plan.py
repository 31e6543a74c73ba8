"""What the rules would keep, compared with a plain computation over the same checkpoints."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.loops_api import types
from loopsweb.resources.cleanups.models import Cleanup
from loopsweb.resources.cleanups.plan import GOES, Rules, add_up, judge
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Checkpoint, Run, Sampler, Start
from loopsweb.resources.snapshot.starts import record_reported_starts, record_start
from loopsweb.resources.snapshot.store import touch_version
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row

NOW = FIRST_SEEN_AT + timedelta(days=30)
RUNS = ("a", "b")
CHECKPOINT = st.fixed_dictionaries(
    {
        "run_remote_id": st.sampled_from((*RUNS, *RUNS, "")),
        "target": st.sampled_from(("trainer", "trainer", "sampler", "")),
        "base_model": st.sampled_from(("m", "n")),
        "sync_status": st.sampled_from(("COMPLETE",) * 4 + ("SYNCING", "", "FAILED", "NEW_WORD")),
        "size_bytes": st.sampled_from((10, 20, None)),
        "step": st.sampled_from((None, 0, 100, 150, 200, 300)),
        "days": st.sampled_from((None, 1, 2, 3, 5, 8)),
        "missing": st.sampled_from((False,) * 4 + (True,)),
        "pinned": st.sampled_from((False,) * 4 + (True,)),
        "lora": st.sampled_from(({},) * 2 + ("not sent",) * 2 + (None,)),
        "user": st.sampled_from((None,) * 6 + ("ACTIVE", "INACTIVE", "", "unknown", "model")),
    }
)
RULES = st.builds(
    Rules,
    newest=st.integers(0, 2),
    every=st.sampled_from((None, 100, 150)),
    run_id=st.sampled_from(("", "", "a")),
    base_model=st.sampled_from(("", "", "m")),
    owner=st.sampled_from(("", "", "Ann@example.com")),
    target=st.sampled_from(("", "", "trainer")),
    older_than=st.sampled_from((None, None, 3)),
)
Given = dict[str, Any]


def judge_plainly(all_of_them: list[Given], rules: Rules) -> dict[str, str]:
    """{id: the verdict}, of those that the rules may touch."""
    owners = {"a": "ann@example.com", "b": ""}
    return {
        one["id"]: find_verdict(one, all_of_them, rules)
        for one in all_of_them
        if not (rules.run_id and one["run_remote_id"] != rules.run_id)
        and not (rules.base_model and one["base_model"] != rules.base_model)
        and not (rules.target and one["target"] != rules.target)
        and not (rules.owner and owners.get(one["run_remote_id"]) != rules.owner.lower())
        and not (
            rules.older_than is not None
            and one["days"] is not None
            and one["days"] < rules.older_than
        )
    }


def is_settled(one: Given) -> bool:
    known = one["days"] is not None and one["run_remote_id"] and one["target"]
    is_usable = one["sync_status"] == "COMPLETE" and one["lora"] is not None
    return bool(is_usable and not one["missing"] and known)


def find_verdict(one: Given, all_of_them: list[Given], rules: Rules) -> str:
    newer = [
        each
        for each in all_of_them
        if is_settled(each)
        and (each["run_remote_id"], each["target"]) == (one["run_remote_id"], one["target"])
        and (-(each["days"] or 0), each["number"]) > (-(one["days"] or 0), one["number"])
    ]
    namesakes = [
        each
        for each in all_of_them
        if (each["run_remote_id"], each["target"], each["name"])
        == (one["run_remote_id"], one["target"], one["name"])
    ]
    used = any(each["user"] not in (None, "INACTIVE") for each in namesakes)
    tests = {
        "unlisted": one["missing"],
        "syncing": one["sync_status"] != "COMPLETE",
        "undated": one["days"] is None or not one["run_remote_id"] or not one["target"],
        "unsized": one["size_bytes"] is None,
        "pinned": one["pinned"],
        "used": used,
        "newest": len(newer) < rules.newest,
        "stepless": rules.every and one["step"] is None,
        "step": rules.every and one["step"] is not None and one["step"] % rules.every == 0,
    }
    return next((verdict for verdict, applies in tests.items() if applies), GOES)


def store(workspace: Workspace, one: Given) -> None:
    columns = {name: one[name] for name in ("run_remote_id", "target", "base_model", "name")}
    columns |= {name: one[name] for name in ("sync_status", "size_bytes", "step")}
    columns["created_at"] = None if one["days"] is None else NOW - timedelta(days=one["days"])
    columns["missing_since"] = NOW if one["missing"] else None
    raw = {} if one["lora"] == "not sent" else {"lora_config": one["lora"]}
    row = add_row(Checkpoint, workspace, one["id"], **columns)
    Checkpoint.objects.filter(pk=row.pk).update(raw=raw)
    if one["pinned"]:
        Protection.objects.create(
            workspace=workspace, noun="checkpoint", remote_id=one["id"], since=NOW
        )
    if (status := one["user"]) is None:
        return
    noun = status if status == "model" else ("run" if one["target"] == "trainer" else "sampler")
    Start.objects.create(
        workspace=workspace,
        from_run_id=one["run_remote_id"],
        target=one["target"],
        name=one["name"],
        noun=noun,
        remote_id=f"user-{one['id']}",
    )
    if status not in ("model", "unknown"):
        model = Run if noun == "run" else Sampler
        add_row(model, workspace, f"user-{one['id']}", status=status)


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(CHECKPOINT, max_size=9), st.lists(RULES, min_size=3, max_size=3))
def test_the_plan_is_what_a_plain_computation_gives(
    acme: Workspace, given_ones: list[Given], some_rules: list[Rules]
) -> None:
    for model in (Checkpoint, Start, Run, Sampler, Protection):
        model._default_manager.all().delete()
    for run, owner in (("a", "ann@example.com"), ("b", "")):
        add_row(Run, acme, run, owner_email=owner)
    made = [
        {**one, "id": f"c{number}", "number": number, "name": f"n-{one['step']}"}
        for number, one in enumerate(given_ones)
    ]
    for one in made:
        store(acme, one)

    for rules in some_rules:
        judged = judge(acme, rules, now=NOW)
        plain = judge_plainly(made, rules)
        assert dict(judged.values_list("remote_id", "verdict")) == plain
        sizes = {one["id"]: one["size_bytes"] for one in made}
        assert {part.verdict: (part.number, part.bytes) for part in add_up(judged)[0].values()} == {
            verdict: (number, sum(sizes[i] or 0 for i in plain if plain[i] == verdict))
            for verdict, number in Counter(plain.values()).items()
        }
        for run in RUNS:
            alone = judge(acme, rules, now=NOW, run_id=run)
            of_run = {one["id"] for one in made if one["run_remote_id"] == run}
            assert dict(alone.values_list("remote_id", "verdict")) == {
                one: verdict for one, verdict in plain.items() if one in of_run
            }


@pytest.mark.parametrize(
    ("name", "step"),
    [("step-100", 100), ("checkpoint_step_0250", 250), ("000300", 300), ("Step7", 7)]
    + [(name, None) for name in ("final", "step-", "epoch-3", "step-100-merged", None, "v2")],
)
def test_a_name_gives_a_step_or_none(name: str | None, step: int | None) -> None:
    assert types.Checkpoint(id="c", name=name, raw={}).step == step


def add_checkpoints(workspace: Workspace, count: int) -> None:
    for number in range(count):
        add_row(
            Checkpoint,
            workspace,
            f"c{number}",
            name=f"step-{number}",
            step=number,
            run_remote_id="a",
            target="trainer",
            sync_status="COMPLETE",
            size_bytes=1000,
            created_at=FIRST_SEEN_AT + timedelta(minutes=number),
        )


def plan_url(workspace: Workspace) -> str:
    return reverse("cleanups:plan", args=[workspace.slug])


def test_the_page_lists_what_would_go_and_what_needs_it(acme: Workspace, vic: User) -> None:
    add_row(Run, acme, "b", status="INACTIVE")
    add_checkpoints(acme, 5)
    record_start(acme, "run", "b", "bt://loops:a/weights/step-0")

    page = login_as(vic).get(plan_url(acme), {"newest": "2", "every": "2"})

    assert [line.row.remote_id for line in page.context["page"].lines] == ["c1"]
    assert page.context["goes"][2:] == (1, 1000, 0)
    assert {part.verdict: part.number for part in page.context["kept"]} == {"newest": 2, "step": 2}
    page = login_as(vic).get(plan_url(acme), {"newest": "1"})
    starts = [[one.remote_id for one in line.starts] for line in page.context["page"].lines]
    assert starts == [["b"], [], [], []]
    kept = login_as(vic).get(plan_url(acme), {"newest": "1", "show": "newest"})
    assert [line.row.remote_id for line in kept.context["page"].lines] == ["c4"]


@pytest.mark.parametrize("name", ["cleanups:plan", "checkpoints:storage", "cleanups:detail"])
def test_the_navigation_marks_checkpoints(name: str, acme: Workspace, vic: User) -> None:
    args = [acme.slug]
    if name == "cleanups:detail":
        args.append(str(Cleanup.objects.create(workspace=acme, rules={}, requested_at=NOW).uid))
    page = login_as(vic).get(reverse(name, args=args)).content.decode()
    assert f'<a href="{reverse("checkpoints:list", args=[acme.slug])}" aria-current="page">' in page


def test_what_cannot_be_loaded_fills_no_place(acme: Workspace) -> None:
    add_checkpoints(acme, 6)
    changes: dict[str, dict[str, Any]] = {
        "c5": {"raw": {"lora_config": None}},
        "c4": {"sync_status": "FAILED"},
        "c2": {"raw": {"lora_config": None}},
        "c0": {"raw": {"lora_config": {"config_version": "v1"}}},
    }
    for remote_id, columns in changes.items():
        Checkpoint.objects.filter(remote_id=remote_id).update(**columns)
    verdicts = [
        dict(judge(acme, Rules(newest=newest), now=NOW).values_list("remote_id", "verdict"))
        for newest in (1, 2)
    ]
    unsure = {"c5": "newest", "c4": "syncing", "c3": "newest"}
    assert verdicts == [
        {**unsure, "c2": GOES, "c1": GOES, "c0": GOES},
        {**unsure, "c2": "newest", "c1": "newest", "c0": GOES},
    ]


def test_wrong_rules_are_told_at_the_field(acme: Workspace, vic: User) -> None:
    page = login_as(vic).get(plan_url(acme), {"newest": "x", "every": "0", "owner": "ann"})

    assert (page.status_code, list(page.context["form"].errors)) == (400, ["newest", "every"])
    assert 'value="ann"' in page.content.decode()


def test_the_number_of_queries_does_not_grow(
    acme: Workspace, vic: User, django_assert_max_num_queries: Any
) -> None:
    browser, numbers = login_as(vic), []
    browser.get(plan_url(acme))
    for count in (1, 60):
        Checkpoint.objects.all().delete()
        add_checkpoints(acme, count)
        touch_version(acme)
        with django_assert_max_num_queries(40) as queries:
            page = browser.get(plan_url(acme), {"newest": "0"})
        numbers.append(len(queries))
        assert page.context["goes"].number == count
        with CaptureQueriesContext(connection) as again:
            browser.get(plan_url(acme), {"newest": "0"})
        assert not any("'unlisted'" in query["sql"] for query in again)  # nothing is judged twice
    assert numbers[0] == numbers[1]


def test_what_was_created_here_or_is_quoted_by_the_api_is_needed(
    acme: Workspace, alice: User
) -> None:
    add_checkpoints(acme, 3)
    run = add_row(Run, acme, "b", status="ACTIVE")
    run.raw = {"base": {"from": "bt://trainers:a/weights/step-1"}}
    own = add_row(Run, acme, "a", status="ACTIVE")
    own.raw = {"latest": "bt://loops:a/weights/step-2"}

    record_reported_starts(Run, acme, [run, own])
    record_start(acme, "sampler", "s", "bt://loops:a/sampler_weights/step-2")
    record_start(acme, "run", "r", "bt://loops:a/weights/step-0")

    judged = judge(acme, Rules(newest=0), now=NOW)
    assert dict(judged.values_list("remote_id", "verdict")) == {
        "c0": "used",
        "c1": "used",
        "c2": GOES,
    }
    run.raw = {}
    record_reported_starts(Run, acme, [run])
    assert not Start.objects.filter(remote_id="b").exists()


def test_nothing_is_said_of_checkpoints_that_were_not_read(acme: Workspace, vic: User) -> None:
    page = login_as(vic).get(reverse("cleanups:plan", args=[acme.slug])).content.decode()
    assert "Not read yet" in page
    assert "Nothing would go" not in page
