from __future__ import annotations

from collections.abc import Callable
from html import unescape
from typing import Any

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Run, Sampler, Session
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.conftest import AddKey

Poll = Callable[..., int]
Fields = dict[str, object]


def form_of(response: Any) -> Fields:
    """The fields that a browser would send back."""
    form = response.context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture
def session_id(world: Simulator) -> str:
    return world.world.add_session().id


def url(workspace: Workspace, noun: str, page: str = "new") -> str:
    return f"/w/{workspace.slug}/{noun}/{page}/"


def test_fields_that_are_left_alone_are_not_sent(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, session_id: str
) -> None:
    add_key()
    browser = login_as(alice)
    page = browser.get(url(acme, "runs"), {"session": session_id})
    fields = form_of(page)
    assert fields["session_id"] == session_id

    answer = browser.post(url(acme, "runs"), fields | {"base_model": "Qwen/Qwen3-8B"})

    run = Run.objects.get()
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/w/{acme.slug}/runs/{run.remote_id}/"
    sent = next(request for request in world.requests if request.method == "POST")
    assert sent.path == "/v1/loops/runs"
    assert sent.parse_body() == {"session_id": session_id, "base_model": "Qwen/Qwen3-8B"}


def test_a_session_and_a_sampler_are_created(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey
) -> None:
    add_key("demo-other-key", otto)
    browser = login_as(otto)
    fields = form_of(browser.get(url(acme, "sessions")))
    browser.post(url(acme, "sessions"), fields)
    session = Session.objects.get()

    fields = form_of(browser.get(url(acme, "samplers"), {"session": session.remote_id}))
    browser.post(url(acme, "samplers"), fields | {"base_model": "Qwen/Qwen3-8B"})

    assert Sampler.objects.get().session_remote_id == session.remote_id


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("base_model", "", "Enter a base model."),
        ("max_seq_len", "0", "Enter a number of at least 1."),
        ("lora_rank", "many", "Enter a whole number."),
        ("scale_down_delay_seconds", "7200", "This server takes at most 3600 seconds."),
        ("path", "s3://elsewhere", "A checkpoint URI looks like"),
        ("path", "bt://loops:k4q95w5/sampler_weights/step-100", "These are sampler weights"),
    ],
)
def test_invalid_input_shows_an_error_and_keeps_everything_typed(
    acme: Workspace,
    alice: User,
    world: Simulator,
    add_key: AddKey,
    session_id: str,
    field: str,
    typed: str,
    said: str,
) -> None:
    add_key()
    browser = login_as(alice)
    fields = form_of(browser.get(url(acme, "runs"))) | {
        "session_id": session_id,
        "base_model": "Qwen/Qwen3-8B",
        "name": "my <run>",
        field: typed,
    }

    answer = browser.post(url(acme, "runs"), fields)

    assert answer.status_code == 422
    [error] = answer.context["form"].errors[field]
    assert error.startswith(said)
    assert 'value="my &lt;run&gt;"' in answer.content.decode()
    assert [request for request in world.requests if request.method == "POST"] == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [({"mode": "status", "status": 400, "body": {"message": "No such model."}}, 422),
     ({"mode": "status", "status": 503}, 502)],
)  # fmt: skip
def test_an_api_error_is_shown_and_the_form_can_be_resubmitted(
    acme: Workspace,
    alice: User,
    world: Simulator,
    add_key: AddKey,
    session_id: str,
    fault: dict[str, Any],
    status: int,
) -> None:
    add_key()
    world.add_fault("POST /v1/loops/runs", **fault)
    browser = login_as(alice)
    fields = form_of(browser.get(url(acme, "runs"))) | {
        "session_id": session_id,
        "base_model": "Qwen/Qwen3-8B",
    }
    answer = browser.post(url(acme, "runs"), fields)
    assert answer.status_code == status
    if status == 422:
        assert "No such model." in unescape(answer.content.decode())

    again = browser.post(url(acme, "runs"), form_of(answer))
    assert again.status_code == 302
    assert Run.objects.count() == 1


def test_a_form_submitted_twice_is_carried_out_once(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey
) -> None:
    add_key()
    browser = login_as(alice)
    fields = form_of(browser.get(url(acme, "sessions")))
    first, second = (browser.post(url(acme, "sessions"), fields) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Session.objects.count() == 1
    assert Event.objects.filter(action="session.create", outcome="succeeded").count() == 1


def test_without_a_key_the_button_is_disabled_with_a_reason(
    acme: Workspace, alice: User, otto: User, add_key: AddKey
) -> None:
    add_key()
    page = login_as(otto).get(url(acme, "runs"))
    assert page.context["blocked"] == (
        "You have no API key in this workspace, and no teammate shares one. Add a key."
    )
    assert "disabled>Create run" in page.content.decode()
    answer = login_as(otto).post(url(acme, "sessions"), form_of(page))
    assert answer.status_code == 409


def test_an_operator_acts_with_a_shared_key_and_the_audit_names_both(
    acme: Workspace, otto: User, world: Simulator, add_key: AddKey
) -> None:
    key = add_key(shared=True)
    browser = login_as(otto)
    browser.post(url(acme, "sessions"), form_of(browser.get(url(acme, "sessions"))))
    event = Event.objects.filter(action="session.create").earliest("pk")
    assert (event.person, event.role) == (otto.email, "operator")
    assert (event.key_label, event.key_fingerprint) == (str(key), key.fingerprint)


def test_checkpoint_suggestions_match_the_target(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    run = world.world.add_run()
    for target in ("trainer", "sampler"):
        world.world.add_checkpoint(run=run, name="step-1", target=target)
    world.world.add_checkpoint(run=run, name="step-2", target="trainer", sync_status="SYNCING")
    add_key()
    poll()
    browser = login_as(alice)
    offered = {
        noun: browser.get(url(acme, noun)).context["form"].fields[field].widget.suggestions
        for noun, field in (("runs", "path"), ("samplers", "model_path"))
    }
    assert offered == {
        "runs": [(f"bt://loops:{run.id}/weights/step-1", run.base_model)],
        "samplers": [(f"bt://loops:{run.id}/sampler_weights/step-1", run.base_model)],
    }


def test_a_session_is_added_by_its_id(
    acme: Workspace, alice: User, world: Simulator, add_key: AddKey, session_id: str
) -> None:
    add_key()
    browser = login_as(alice)
    wrong = browser.post(url(acme, "sessions", "enter"), {"session_id": "sess_nowhere"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["session_id"] == [
        "The Loops API did not find it, or this API key may not see it."
    ]
    right = browser.post(url(acme, "sessions", "enter"), {"session_id": session_id})
    assert right.headers["Location"] == f"/w/{acme.slug}/sessions/{session_id}/"
