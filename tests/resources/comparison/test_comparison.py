"""Two runs or checkpoints side by side: what differs, what is not given, what is old."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import record_event
from loopsweb.resources.comparison.differences import Cell, compare
from loopsweb.resources.models import Catalogue, Checkpoint, Deployment, Run
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.rows import FIRST_SEEN_AT, add_row

LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.lists(st.integers(0, 1), max_size=2)
NAMES = st.sampled_from(["a", "b", "c"])
OBJECTS = st.recursive(
    LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
TOP = st.dictionaries(NAMES, OBJECTS, max_size=3)


def get(value: Any, path: str) -> Any:
    """What stands there, or "absent"; plainly, name by name."""
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return "absent"
        value = value[name]
    return value


@given(TOP, TOP)
def test_every_field_of_both_is_compared_once(a: dict[str, Any], b: dict[str, Any]) -> None:
    lines = compare(a, b)
    paths = [line.path for line in lines]
    assert len(paths) == len(set(paths))
    for line in lines:
        one, other = get(a, line.path), get(b, line.path)
        is_leaf = {side: not isinstance(v, dict) or not v for side, v in (("a", one), ("b", other))}
        assert line.a.is_given == (one != "absent" and is_leaf["a"])
        assert line.b.is_given == (other != "absent" and is_leaf["b"])
        assert line.differs == (repr(one) != repr(other))
    assert (not any(line.differs for line in lines)) == (repr_sorted(a) == repr_sorted(b))


def repr_sorted(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{sorted((name, repr_sorted(one)) for name, one in value.items())}}}"
    return repr(value)


def test_null_false_text_and_nothing_are_told_apart() -> None:
    [name, flag, old, config] = compare(
        {"name": None, "flag": 1, "old": "x", "config": {}},
        {"flag": True, "old": "x", "config": {"r": 8}},
        old_b=["old"],
    )[:4]
    assert (name.a, name.b, name.differs) == (Cell("null"), Cell("", is_given=False), True)
    assert (flag.a, flag.b, flag.differs) == (Cell("1"), Cell("true"), True)
    assert (old.b, old.differs) == (Cell("x", is_old=True), False)
    assert (config.path, config.a, config.differs) == ("config", Cell("{}"), True)


@pytest.fixture
def browser(vic: User) -> Client:
    return login_as(vic)


def cells(page: str) -> dict[str, list[str]]:
    """{field: what stands on both sides}."""
    found = re.findall(r'<th scope="row" class="id">(.*?)</th>(.*?)</tr>', page, re.DOTALL)
    return {
        unescape(path): [
            " ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split())
            for one in re.findall(r"<td.*?>(.*?)</td>", rest, re.DOTALL)
        ]
        for path, rest in found
    }


def show(browser: Client, acme: Workspace, kind: str = "runs", **query: str) -> tuple[int, str]:
    answer = browser.get(reverse(f"{kind}-compare", args=[acme.slug], query=query))
    return answer.status_code, join_long_text(answer.content.decode())


def test_runs_are_compared_with_deployment_and_what_was_asked(
    browser: Client, acme: Workspace
) -> None:
    for name, rank in (("r1", 8), ("r2", 64)):
        add_row(Run, acme, name, base_model="<b>Q", deployment_remote_id=f"d{name}")
        add_row(Deployment, acme, f"d{name}", availability_model="spot")
        common: dict[str, Any] = {
            "workspace": acme.slug,
            "action": "run.create",
            "target_noun": "run",
        }
        asked = record_event(
            **common,
            outcome="requested",
            answer={"asked": {"lora_rank": rank, "seed": 1}},
            now=FIRST_SEEN_AT,
        )
        record_event(
            **common,
            outcome="succeeded",
            target_id=name,
            incident=asked.incident,
            now=FIRST_SEEN_AT,
        )
    status, page = show(browser, acme, a="r1", b="r2")
    assert status == 200
    assert cells(page) == {
        "id": ["dr1", "dr2"],
        "deployment_remote_id": ["dr1", "dr2"],
        "lora_rank": ["8", "64"],
    }
    everything = cells(show(browser, acme, a="r1", b="r2", all="1")[1])
    assert everything["seed"] == ["1", "1"]
    assert everything["base_model"] == ["<b>Q", "<b>Q"]


def test_what_is_not_given_or_old_says_so(browser: Client, acme: Workspace) -> None:
    for name, raw in (("c1", {"size_bytes": None}), ("c2", {"kind": ""})):
        row = add_row(Checkpoint, acme, name)
        row.raw, row.omitted = raw, ["kind"]
        row.save()
    page = show(browser, acme, "checkpoints", a="c1", b="c2")[1]
    assert cells(page) == {
        "size_bytes": ["null", "not given"],
        "kind": ["not given", "empty text from an earlier answer"],
    }


def test_an_unknown_id_is_said_at_its_field_and_stays(browser: Client, acme: Workspace) -> None:
    add_row(Run, acme, "r1")
    status, page = show(browser, acme, a="r1", b='no"pe')
    assert status == 404
    assert 'value="no&quot;pe"' in page
    assert "has not reported a run with the ID no&quot;pe" in page
    assert show(browser, acme)[0] == 200
    assert show(browser, acme, a="r1")[0] == 200
    assert "Both are the same run." in show(browser, acme, a="r1", b="r1")[1]


def test_two_that_were_selected_in_a_list_are_compared(browser: Client, acme: Workspace) -> None:
    url = reverse("runs-compare", args=[acme.slug])
    answer = browser.get(f"{url}?id=r1&id=r%262&id=r3")
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?a=r1&b=r%262")


def read_figures(page: str) -> dict[str, list[str]]:
    """{figure: what stands on both sides}, without what is said beside it."""
    table = page.partition('id="cost"')[2].partition("</section>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    return {
        name: [
            " ".join(re.sub(r"<span.*?</span>", "", one, flags=re.DOTALL).split())
            for one in re.findall(r"<td>(.*?)</td>", cells, re.DOTALL)
        ]
        for name, cells in rows
    }


@pytest.fixture
def priced(acme: Workspace) -> None:
    """Four runs: with a price of the API, with an admin's rate, without either, and ended."""
    Catalogue.objects.create(
        workspace=acme, prices={"h100": "0.10"}, rates={"b200": "31.50"}, as_of=FIRST_SEEN_AT
    )
    for name, machine in (("r1", "h100"), ("r2", "b200"), ("r3", "new")):
        add_row(Run, acme, name, status="ACTIVE", deployment_remote_id=f"d{name}")
        held = {"gpu_count": 8, "node_count": 2, "instance_id": machine, "status": "RUNNING"}
        add_row(Deployment, acme, f"d{name}", active_run_remote_id=name, **held)
    add_row(Run, acme, "r4", status="INACTIVE")
    add_row(Run, acme, "r5", status="ACTIVE")


@pytest.mark.usefixtures("priced")
@pytest.mark.parametrize(
    ("a", "b", "gpus", "usd", "sources"),
    [
        (
            "r1",
            "r2",
            ["16", "16"],
            ["$12.00", "$63.00"],
            ["API prices", "rate entered by an admin"],
        ),
        ("r3", "r4", ["16", "0"], ["unknown", "$0.00"], ["unknown", "no GPUs held"]),
        ("r5", "r5", ["unknown"] * 2, ["unknown"] * 2, ["unknown"] * 2),
    ],
)
def test_the_cost_of_runs_stands_side_by_side(
    a: str, b: str, gpus: list[str], usd: list[str], sources: list[str],
    browser: Client, acme: Workspace,
) -> None:  # fmt: skip
    figures = {"GPUs in use": gpus, "USD per hour": usd, "Source of the price": sources}
    assert read_figures(show(browser, acme, a=a, b=b)[1]) == figures
    for name, run in (("c1", a), ("c2", b)):
        add_row(Checkpoint, acme, name, run_remote_id=run)
    page = show(browser, acme, "checkpoints", a="c1", b="c2")[1]
    assert ("GPUs and cost now of their runs" in page, read_figures(page)) == (True, figures)


def test_a_checkpoint_whose_run_is_unknown_has_no_known_cost(
    browser: Client, acme: Workspace
) -> None:
    for name, run in (("c1", ""), ("c2", "gone")):
        add_row(Checkpoint, acme, name, run_remote_id=run)
    page = show(browser, acme, "checkpoints", a="c1", b="c2")[1]
    assert read_figures(page) == {
        "GPUs in use": ["unknown", "unknown"],
        "USD per hour": ["unknown", "unknown"],
        "Source of the price": ["unknown", "unknown"],
    }
