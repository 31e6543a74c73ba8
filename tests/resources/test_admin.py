from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from loopsweb.resources.models import PollState, Run
from loopsweb.simulator import Simulator
from tests.personas import add_totp, login_as
from tests.resources.conftest import AddKey, Timeline

Poll = Callable[..., int]
OURS = [model for model in admin.site._registry if model.__module__.startswith("loopsweb.")]


@pytest.fixture
def staff(alice: User) -> Client:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    add_totp(alice)
    return login_as(alice)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_model_is_listed_searched_and_opened(
    staff: Client, loops: Simulator, add_key: AddKey, poll: Poll, model: type[Run]
) -> None:
    add_key()
    poll()
    where = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert staff.get(reverse(f"{where}_changelist")).status_code == 200
    assert staff.get(reverse(f"{where}_changelist"), {"q": "dep"}).status_code == 200
    row = model._default_manager.first()
    if row is not None:
        assert staff.get(reverse(f"{where}_change", args=[row.pk])).status_code == 200


def test_snapshots_and_events_are_read_only(
    staff: Client, world: Simulator, add_key: AddKey, poll: Poll
) -> None:
    world.world.add_run()
    add_key()
    poll()
    for row in (Run.objects.get(), Event.objects.get()):
        where = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        for page in ("change", "delete"):
            assert staff.post(reverse(f"{where}_{page}", args=[row.pk]), {}).status_code == 403
        assert staff.get(reverse(f"{where}_add")).status_code == 403


def test_poll_now_makes_a_key_due(
    staff: Client, world: Simulator, add_key: AddKey, poll: Poll, clock: Timeline
) -> None:
    add_key()
    poll()
    state = PollState.objects.get()
    fields = {"action": "poll_now", "_selected_action": [state.pk]}
    staff.post(reverse("admin:resources_pollstate_changelist"), fields)
    due = PollState.objects.get().next_poll_at
    assert due != state.next_poll_at


def test_only_staff_may_enter(alice: User, add_key: AddKey) -> None:
    answer = login_as(alice).get(reverse("admin:resources_run_changelist"))
    assert answer.status_code == 302
