"""Values the API might send: hostile names, unknown statuses, nulls, overlarge numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from html import escape, unescape
from random import Random

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys import clients
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment, PollState, Run, Sampler
from loopsweb.resources.runs import sync as runs
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.simulator import Simulator
from tests.database_dump import dump_database
from tests.description_lists import parse_facts
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.conftest import AddKey
from tests.resources.rows import add_row

Poll = Callable[..., int]
NAMES = [
    "<script>alert(1)</script>",
    "\" onmouseover='x' a=\"",
    "{{ settings.SECRET_KEY }}{% debug %}",
    "שלום \u202eevil\u202c",
    "n" * 255,
    "nul\x00inside",
    "🧪 =cmd|' /C calc'!A0",
]


@pytest.fixture
def browser(alice: User, add_key: AddKey) -> Client:
    add_key()
    return login_as(alice)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_escaped_on_every_page(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll, name: str
) -> None:
    run = world.world.add_run(name=name)
    checkpoint = world.world.add_checkpoint(run=run, name=name)

    poll()

    shown = name.replace("\x00", "\ufffd")
    assert Run.objects.get().name == shown
    assert Checkpoint.objects.get().name == shown
    for path in ("runs/", f"runs/{run.id}/", "checkpoints/", f"checkpoints/{checkpoint.id}/", ""):
        page = browser.get(f"/w/{acme.slug}/{path}")
        assert page.status_code == 200
        text = join_long_text(page.content.decode())
        assert escape(shown) in text, path
        assert "<script>alert" not in text


@pytest.mark.parametrize("run_id", ["a b", "ünïcode", "100%", "new", "q?x=1#y", "a&b=c", "..x"])
def test_links_with_unusual_ids_lead_to_their_page(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll, run_id: str
) -> None:
    world.world.add_run(id=run_id)
    poll()
    row = Run.objects.get()
    [link] = {
        part.split('"')[0]
        for part in browser.get(f"/w/{acme.slug}/runs/").content.decode().split('href="')
        if part.startswith(f"/w/{acme.slug}/runs/") and part.split('"')[0].endswith("/")
    } - {f"/w/{acme.slug}/runs/{page}" for page in ("", "new/", "compare/")}
    page = browser.get(unescape(link))
    assert page.status_code == 200
    assert page.context["row"] == row


def test_objects_with_too_long_ids_are_left_out(
    world: Simulator, browser: Client, poll: Poll
) -> None:
    world.world.add_run(id="x" * 256)
    fine = world.world.add_run()
    poll()
    assert list(Run.objects.values_list("remote_id", flat=True)) == [fine.id]


@pytest.mark.parametrize("bad", ["nul\x00", "line\nbreak", "\x7f", "\x9b"])
def test_objects_with_control_characters_in_the_id_are_left_out(
    world: Simulator, browser: Client, poll: Poll, bad: str
) -> None:
    for add in (world.world.add_run, world.world.add_sampler, world.world.add_deployment):
        add(id=f"fine-{add.__name__}")
        add(id=bad)
    run = world.world.runs["fine-add_run"]
    world.world.add_checkpoint(run=run, extra={"id": bad})
    kept = world.world.add_checkpoint(run=run)

    poll()

    assert Run.objects.get().remote_id == run.id
    assert Sampler.objects.filter(remote_id__startswith="fine").count() == 1
    assert Deployment.objects.get().remote_id == "fine-add_deployment"
    assert Checkpoint.objects.get().remote_id == kept.id
    assert PollState.objects.get().failures == 0


def test_references_with_nul_become_empty(world: Simulator, browser: Client, poll: Poll) -> None:
    nul, other = "nul\x00", {"id": "nul\x00"}
    run = world.world.add_run(extra={"session_id": nul, "deployment_id": nul, "sampler": other})
    world.world.add_checkpoint(run=run, extra={"run_id": nul})
    world.world.add_sampler(extra={"deployment_id": nul, "instance_type": other})
    world.world.add_deployment(
        extra={"active_run_id": nul, "latest_run_id": nul, "sampler": other, "instance_type": other}
    )

    poll()

    row = Run.objects.get()
    assert (row.session_remote_id, row.deployment_remote_id, row.sampler_remote_id) == ("", "", "")
    assert Checkpoint.objects.count() == 1
    deployment = Deployment.objects.get()
    assert (deployment.active_run_remote_id, deployment.sampler_remote_id) == ("", "")
    assert PollState.objects.get().failures == 0


def test_an_overlong_sampler_id_is_cut_to_its_column(
    acme: Workspace, world: Simulator, key: Key, now: datetime
) -> None:
    run = world.world.add_run(extra={"base_url": "nul\x00", "sampler": {"id": "s" * 300}})
    row = add_row(Run, acme, run.id, source_key=key)

    runs.pull_run_details(
        clients.build_client(key), poll=PollContext.for_key(key, now=now), known_digest=""
    )

    row.refresh_from_db()
    assert (row.base_url, row.sampler_remote_id) == ("nul\ufffd", "s" * 254 + "…")


@pytest.mark.parametrize(
    ("count", "kept"), [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, None), (2**63 - 1, None)]
)
def test_gpu_counts_beyond_the_column_are_unknown(
    world: Simulator, browser: Client, poll: Poll, count: int, kept: int | None
) -> None:
    machine = {"instance_type": {"id": "h100", "gpu_count": count}, "node_count": count}
    world.world.add_sampler(extra=machine)
    world.world.add_deployment(extra=machine)

    poll()

    for model in (Sampler, Deployment):
        assert list(model.objects.values_list("gpu_count", "node_count")) == [(kept, kept)]
    assert PollState.objects.get().failures == 0


def test_an_api_user_name_with_nul_is_accepted(loops: Simulator, add_key: AddKey) -> None:
    known = loops.world.keys["demo-org-key"]
    known.user = replace(known.user, name="nul\x00", email="nul\x00@x.test", organization="a\x00b")
    key = add_key()
    key.refresh_from_db()
    said = (key.api_name, key.api_email, key.api_workspace_name)
    assert said == ("nul\ufffd", "", "a\ufffdb")


def test_unknown_values_are_shown_as_they_are(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll
) -> None:
    deployment = world.world.add_deployment(run=world.world.add_run(), status="HIBERNATING")
    poll()
    row = Deployment.objects.get()
    assert (row.status, row.is_terminal) == ("HIBERNATING", False)
    for path in ("deployments/", f"deployments/{deployment.id}/", ""):
        assert "HIBERNATING" in browser.get(f"/w/{acme.slug}/{path}").content.decode()


@pytest.mark.parametrize("letters", [range(0x4E00, 0x9FFF), range(0x20000, 0x2A6D0)])
def test_the_longest_values_fit_their_indexes(
    letters: range, world: Simulator, browser: Client, poll: Poll
) -> None:
    """Letters of three and of four bytes, in an order that cannot be compressed."""
    random = Random(1)  # noqa: S311
    status, model = ("".join(map(chr, random.choices(letters, k=255))) for _ in range(2))
    added = world.world.add_run(base_model=model, status=status)
    world.world.add_deployment(run=added, base_model=model, status=status)
    email = "".join(map(chr, random.choices(letters, k=255)))
    object.__setattr__(added.owner, "email", email)
    poll()
    for row in (Run.objects.get(), Deployment.objects.get()):
        for given, stored in ((status, row.status), (model, row.base_model)):
            assert stored == given or (stored[-1] == "…" and given.startswith(stored[:-1]))
            assert len(stored.encode()) <= 765


@pytest.mark.parametrize(
    ("size", "kept", "shown"),
    [
        (2**53, 2**53, "8.0 PiB"),
        (2**63 - 1, 2**63 - 1, "8,192.0 PiB"),
        (2**70, None, "—"),
        (0, 0, "0 B"),
    ],
)
def test_sizes_are_exact_or_unknown(
    acme: Workspace,
    world: Simulator,
    browser: Client,
    poll: Poll,
    size: int,
    kept: int | None,
    shown: str,
) -> None:
    checkpoint = world.world.add_checkpoint(run=world.world.add_run(), size_bytes=size)
    poll()
    assert Checkpoint.objects.get().size_bytes == kept
    page = browser.get(f"/w/{acme.slug}/checkpoints/{checkpoint.id}/")
    assert parse_facts(page.content)["Size"] == shown


@pytest.mark.parametrize("name", ["X-Amz-Signature", "X-Goog-Signature", "Signature", "sig"])
def test_a_presigned_link_is_stored_nowhere(
    name: str, acme: Workspace, world: Simulator, browser: Client, poll: Poll
) -> None:
    link = "https://bucket.example.test/a/b.bin"
    signed = f"{link}?x=1&{name}=5ecret"
    run = world.world.add_run(
        extra={
            "base_url": signed,
            "debug": {signed: ["plain", signed]},
            "help": "https://x.test/?q=1",
        }
    )
    poll()
    row = Run.objects.get()
    hidden = f"{link}?[redacted]"
    assert (row.base_url, row.raw["debug"]) == (hidden, {hidden: ["plain", hidden]})
    assert row.raw["help"] == "https://x.test/?q=1"
    assert b"5ecret" not in dump_database()
    assert "5ecret" not in browser.get(f"/w/{acme.slug}/runs/{run.id}/").text


def test_nulls_and_unknown_fields_are_stored(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll
) -> None:
    nothing = dict.fromkeys(("name", "base_model", "base_url", "created_at", "status", "user"))
    run = world.world.add_run(extra=nothing | {"colour": {"deep": ["teal", None]}})
    world.world.add_sampler(extra=dict.fromkeys(("base_url", "status", "instance_type")))
    world.world.add_deployment(
        extra=dict.fromkeys(("base_model", "status", "instance_type", "sampler", "node_count"))
    )
    poll()
    row = Run.objects.get()
    assert (row.name, row.base_model, row.created_at, row.status) == ("", "", None, "")
    assert row.raw["colour"] == {"deep": ["teal", None]}
    assert Deployment.objects.get().gpus_held is None
    assert Sampler.objects.filter(base_url="").count() == 1
    page = browser.get(f"/w/{acme.slug}/runs/{run.id}/")
    assert escape('"teal"') in page.content.decode()
    for noun in ("runs", "samplers", "deployments", "sessions", "checkpoints"):
        assert browser.get(f"/w/{acme.slug}/{noun}/").status_code == 200
    assert browser.get(f"/w/{acme.slug}/").status_code == 200


def test_one_invalid_row_does_not_lose_the_others(
    world: Simulator, browser: Client, poll: Poll
) -> None:
    world.world.add_run(extra={"id": None})
    world.world.add_run(extra={"status": 7, "created_at": "yesterday", "user": "ada"})
    poll()
    row = Run.objects.get()
    assert (row.status, row.created_at, row.owner_email) == ("", None, "")
