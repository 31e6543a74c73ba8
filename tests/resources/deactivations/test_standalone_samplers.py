"""A sampler without a pair may be in use: nothing calls it idle, and pages name its checkpoint."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint, Sampler
from loopsweb.resources.snapshot.starts import record_start
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey

Poll = Callable[..., int]
URI = "bt://loops:r/sampler_weights/step-9"
UNKNOWN = "It may be in use: the API reports no requests of standalone samplers."


@pytest.fixture
def browser(acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll) -> Client:
    """Of someone who sees the samplers s, from a checkpoint, and t, from none."""
    add_key()
    run = world.world.add_run(id="r")
    world.world.add_deployment(id="d", run=run)
    world.world.add_checkpoint(run=run, name="step-9", target="sampler")
    world.world.add_sampler(id="s")
    world.world.add_sampler(id="t")
    poll()
    poll(after=20 * 3600)
    record_start(acme, "sampler", "s", URI)  # as its request did
    return login_as(alice)


def read(browser: Client, path: str) -> str:
    return " ".join(strip_tags(browser.get(f"/w/acme/{path}").content.decode()).split())


def test_its_use_is_unknown_everywhere(browser: Client) -> None:
    row = Sampler.objects.get(remote_id="s")
    assert (row.last_work_at, row.last_work_sign) == (None, "")
    for path in ("samplers/s/", "samplers/s/deactivation/"):
        assert UNKNOWN in read(browser, path), path
    assert "Ask its owner first." in read(browser, "samplers/s/deactivation/")
    assert "use unknown" in read(browser, "samplers/")
    answer: Any = browser.post("/w/acme/samplers/?idle=0m")
    text = answer.getvalue().decode("utf-8-sig")
    ids = {row["sampler_id"] for row in csv.DictReader(io.StringIO(text))}
    assert ids.isdisjoint({"s", "t"})
    overview = read(browser, "")
    assert "2 standalone samplers hold" in overview
    assert "Whether they are in use is unknown." in overview


def test_its_checkpoint_is_named_where_it_is_known(browser: Client) -> None:
    link = Checkpoint.objects.get(name="step-9").remote_id
    page = browser.get("/w/acme/samplers/s/deactivation/").content.decode()
    assert f'checkpoints/{link}/" dir="auto">step-9</a>' in page
    assert "the API does not say which" in read(browser, "samplers/t/deactivation/")
    Checkpoint.objects.all().delete()
    page = browser.get("/w/acme/samplers/s/deactivation/").content.decode()
    assert URI in page
