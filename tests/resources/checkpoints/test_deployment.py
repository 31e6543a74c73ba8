"""Deploying a sampler checkpoint: billable, so asked twice it is sent once."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Catalogue, Start
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey

FIELDS = {"model_name": "chat", "hf_secret_name": "hf", "instance_type_id": "H100:8x80"}


@pytest.fixture
def url(world: Simulator, acme: Workspace, add_key: AddKey, poll: Callable[..., int]) -> str:
    run = world.world.add_run(id="r")
    world.world.add_checkpoint(run=run, id="s", name="step-1", target="sampler")
    world.world.add_checkpoint(run=run, id="t", name="step-1", target="trainer")
    add_key(shared=True)
    poll()
    world.requests.clear()
    return reverse("checkpoints:deploy", args=[acme.slug, "s"])


def recorded() -> list[str]:
    events = Event.objects.filter(action="checkpoint.deploy", target_id="s").order_by("pk")
    return list(events.values_list("outcome", flat=True))


def choose_machine() -> str:
    return str(min(Catalogue.objects.get().prices or {}))


def test_the_price_is_shown_and_a_form_sent_twice_deploys_once(
    url: str, otto: User, world: Simulator
) -> None:
    browser, machine = login_as(otto), choose_machine()
    assert f"{machine}: $" in browser.get(url).content.decode()
    form = FIELDS | {"instance_type_id": machine, "once": str(uuid.uuid4())}

    answers = [browser.post(url, form) for _ in range(2)]

    assert [one.status_code for one in answers] == [302, 302]
    [sent] = world.requests
    assert sent.parse_body() == FIELDS | {"instance_type_id": machine, "checkpoint_ids": ["s"]}
    assert recorded() == ["requested", "succeeded"]
    assert [(one.noun, str(one.uri)) for one in Start.objects.all()] == [
        ("model", "bt://loops:r/sampler_weights/step-1")
    ]


def test_a_lost_answer_says_that_a_model_may_run(url: str, otto: User, world: Simulator) -> None:
    world.add_fault("POST *", mode="status", status=503)
    form = FIELDS | {"instance_type_id": choose_machine(), "once": str(uuid.uuid4())}

    page = login_as(otto).post(url, form)

    assert (page.status_code, recorded(), len(world.requests)) == (
        502,
        ["requested", "unknown"],
        1,
    )
    assert "a model may be running" in page.content.decode()
    assert page.context["form"]["model_name"].value() == "chat"


def test_trainer_weights_are_not_deployed(url: str, otto: User, world: Simulator) -> None:
    of_trainer = url.replace("/s/", "/t/")
    form = FIELDS | {"instance_type_id": choose_machine(), "once": str(uuid.uuid4())}

    assert login_as(otto).post(of_trainer, form).status_code == 422
    assert list(world.requests) == []


def test_a_viewer_deploys_nothing(url: str, vic: User, world: Simulator) -> None:
    assert login_as(vic).post(url, FIELDS).status_code == 403
    assert list(world.requests) == []


@pytest.mark.parametrize(
    ("uri", "status", "says"),
    [
        ("bt://trainers:r/sampler_weights/step-1", 200, "The API can load it."),
        ("bt://loops:r/weights/step-1", 400, "Only sampler checkpoints can be validated"),
        ("bt://loops:r/sampler_weights/none", 200, "The API refuses it."),
        ("step-1", 400, "A checkpoint URI looks like"),
    ],
)
def test_a_uri_is_validated_by_the_api(
    url: str, acme: Workspace, vic: User, uri: str, status: int, says: str
) -> None:
    page = login_as(vic).get(
        reverse("checkpoints:validate", args=[acme.slug]), {"checkpoint_path": uri}
    )

    assert (page.status_code, says in page.content.decode()) == (status, True)
