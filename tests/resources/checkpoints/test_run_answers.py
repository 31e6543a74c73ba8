"""Pages that show the checkpoints of some runs alone are as old as the answers about these."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.checkpoints.run_answers import RunAnswer, find_oldest_answer
from loopsweb.resources.models import CheckpointFeed, PollState, Run
from loopsweb.simulator import Simulator
from loopsweb.ui.timestamps import format_utc
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
TRAINING, ENDED = "run-training", "run-ended"


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def runs(world: Simulator, add_key: AddKey) -> None:
    """Of another owner than the key's, so each is asked about by its id."""
    owner = world.world.users[1]
    training = world.world.add_run(id=TRAINING, owner=owner)
    world.world.add_deployment(id="dep", run=training)
    world.world.add_checkpoint(id="ck-training", run=training)
    ended = world.world.add_run(id=ENDED, owner=owner, status="INACTIVE")
    world.world.add_checkpoint(id="ck-ended", run=ended)
    add_key()


def find(workspace: Workspace, *ids: str) -> RunAnswer | None:
    return find_oldest_answer(workspace, Run.objects.filter(remote_id__in=ids))


def read_age(browser: Client, name: str, *args: str) -> tuple[str, str]:
    """When the page says it was read, and when it will be again."""
    answer = browser.get(reverse(name, args=["acme", *args]))
    as_of = re.search(r'data-as-of><time datetime="([^"]+)"', answer.content.decode())
    return (as_of[1] if as_of else "", answer["Loopsweb-Next-Poll"])


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("name", "args", "is_old"),
    [
        ("runs:detail", [TRAINING], False),
        ("runs:detail", [ENDED], True),
        ("checkpoints:detail", ["ck-training"], False),
        ("checkpoints:detail", ["ck-ended"], True),
        ("deactivations:new", ["deployments", "dep"], False),
        ("checkpoints:list", [], True),
        ("dashboard:overview", [], True),
    ],
)
def test_a_page_is_as_old_as_the_answers_about_its_runs(
    name: str, args: list[str], is_old: bool, browser: Client, poll: Poll, clock: Timeline
) -> None:
    poll()
    begun = clock()
    poll(after=80)
    soon = clock() + timedelta(seconds=5)
    PollState.objects.update(next_poll_at=soon)
    expected = (begun, begun + timedelta(minutes=2)) if is_old else (clock(), soon)
    assert read_age(browser, name, *args) == tuple(map(format_utc, expected))


@pytest.mark.usefixtures("runs")
def test_what_an_answer_says_of_several_runs_is_as_old_as_the_oldest(
    acme: Workspace, poll: Poll, clock: Timeline
) -> None:
    poll()
    begun = clock()
    poll(after=80)
    assert find(acme, TRAINING) == RunAnswer(clock(), is_seldom=False)
    assert find(acme, ENDED) == find(acme, TRAINING, ENDED) == RunAnswer(begun, is_seldom=True)
    assert find(acme) is None
    CheckpointFeed.objects.filter(value=ENDED).update(as_of=None)
    assert find(acme, TRAINING, ENDED) is None


def test_an_answer_by_base_model_tells_of_the_key_owners_runs_alone(
    world: Simulator, acme: Workspace, add_key: AddKey, poll: Poll, now: datetime
) -> None:
    own, other = world.world.users[:2]
    for n in range(3):
        world.world.add_run(id=f"own-{n}", owner=own, base_model="m")
    world.world.add_run(id="other", owner=other, base_model="m")
    add_key()
    poll()
    assert set(CheckpointFeed.objects.values_list("by", "value")) == {
        ("base_model", "m"),
        ("run_id", "other"),
    }
    CheckpointFeed.objects.filter(by="run_id").update(as_of=now - timedelta(hours=1))
    found = [find(acme, run) for run in ("own-0", "other")]
    assert found == [RunAnswer(now, is_seldom=False)] * 2
