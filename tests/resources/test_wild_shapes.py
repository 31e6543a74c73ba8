"""What nobody promised not to send: hostile names, unknown words, nulls, endless numbers."""

from __future__ import annotations

from collections.abc import Callable
from html import escape, unescape

import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from loopsweb.simulator import Simulator
from tests.facts import facts
from tests.personas import client_of
from tests.resources.conftest import AddKey

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
    return client_of(alice)


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_text_on_every_page(
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
        text = page.content.decode()
        assert escape(shown) in text, path
        assert "<script>alert" not in text


@pytest.mark.parametrize("run_id", ["a b", "ünïcode", "100%", "new", "q?x=1#y", "a&b=c", "..x"])
def test_an_odd_id_has_its_page_and_its_links_lead_there(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll, run_id: str
) -> None:
    world.world.add_run(id=run_id)
    poll()
    row = Run.objects.get()
    [link] = {
        part.split('"')[0]
        for part in browser.get(f"/w/{acme.slug}/runs/").content.decode().split('href="')
        if part.startswith(f"/w/{acme.slug}/runs/") and part.split('"')[0].endswith("/")
    } - {f"/w/{acme.slug}/runs/", f"/w/{acme.slug}/runs/new/"}
    page = browser.get(unescape(link))
    assert page.status_code == 200
    assert page.context["row"] == row


def test_an_id_too_long_for_an_id_is_left_out(
    world: Simulator, browser: Client, poll: Poll
) -> None:
    world.world.add_run(id="x" * 256)
    fine = world.world.add_run()
    poll()
    assert list(Run.objects.values_list("remote_id", flat=True)) == [fine.id]


def test_unknown_words_are_shown_as_they_are(
    acme: Workspace, world: Simulator, browser: Client, poll: Poll
) -> None:
    deployment = world.world.add_deployment(run=world.world.add_run(), status="HIBERNATING")
    poll()
    row = Deployment.objects.get()
    assert (row.status, row.is_terminal) == ("HIBERNATING", False)
    for path in ("deployments/", f"deployments/{deployment.id}/", ""):
        assert "HIBERNATING" in browser.get(f"/w/{acme.slug}/{path}").content.decode()


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
    assert facts(page.content)["Size"] == shown


def test_nulls_and_unknown_fields_are_kept_and_break_nothing(
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


def test_one_bad_row_does_not_cost_the_others(
    world: Simulator, browser: Client, poll: Poll
) -> None:
    world.world.add_run(extra={"id": None})
    world.world.add_run(extra={"status": 7, "created_at": "yesterday", "user": "ada"})
    poll()
    row = Run.objects.get()
    assert (row.status, row.created_at, row.owner_email) == ("", None, "")
