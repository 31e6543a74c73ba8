from __future__ import annotations

import pytest
import stamina
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.clients import (
    WHILE_A_PAGE_WAITS,
    KeyUnusable,
    NoKey,
    client_for,
    client_of,
    why_not,
)
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator
from tests.keys.factory import key_of

NO_KEY = "You have no API key in this workspace, and no team-mate shares one. Add a key."


def acting_key(workspace: Workspace, person: User, method: str = "") -> Key:
    return client_for(workspace=workspace, person=person, method=method).key


def test_ones_own_key_comes_first(alice: User, otto: User, acme: Workspace) -> None:
    key_of(alice, acme, shared=True, sees_organisation=True)
    own = key_of(otto, acme, secret="demo-own-key")

    assert acting_key(acme, otto) == own


def test_without_one_a_shared_key(alice: User, otto: User, acme: Workspace) -> None:
    key_of(alice, acme, secret="demo-other-key", shared=False)
    shared = key_of(alice, acme, shared=True)

    assert acting_key(acme, otto) == shared


def test_a_key_that_is_not_shared_is_its_owners_alone(
    alice: User, otto: User, acme: Workspace
) -> None:
    key_of(alice, acme)

    with pytest.raises(NoKey, match=f"^{NO_KEY}$"):
        client_for(workspace=acme, person=otto)
    assert why_not(workspace=acme, person=otto, method="create_run") == NO_KEY


def test_a_key_acts_in_its_own_workspace_alone(alice: User, acme: Workspace) -> None:
    key_of(alice, acme)
    other = alice.teams.exclude(pk=acme.team_id).get().workspaces.get()

    with pytest.raises(NoKey):
        client_for(workspace=other, person=alice)


def test_a_key_known_not_to_be_able_is_passed_over(
    alice: User, otto: User, acme: Workspace
) -> None:
    own = key_of(otto, acme, secret="demo-own-key", can_manage=False)
    shared = key_of(alice, acme, shared=True)

    assert acting_key(acme, otto, "list_runs") == own
    assert acting_key(acme, otto, "deactivate_deployment") == shared
    assert why_not(workspace=acme, person=otto, method="deactivate_deployment") == ""


def test_when_no_key_is_able_the_reason_is_about_ones_own(otto: User, acme: Workspace) -> None:
    key_of(otto, acme, secret="demo-own-key", name="laptop", can_manage=False)
    reason = "The API key laptop (…-key) lacks the scope manage_org_training_projects."

    with pytest.raises(NoKey) as raised:
        client_for(workspace=acme, person=otto, method="create_run")

    assert str(raised.value) == reason
    assert why_not(workspace=acme, person=otto, method="create_run") == reason


def test_a_refused_key_of_ones_own_is_the_reason(otto: User, acme: Workspace) -> None:
    key_of(otto, acme, name="laptop", state="refused", state_reason="It was revoked.")

    with pytest.raises(NoKey) as raised:
        client_for(workspace=acme, person=otto)

    assert str(raised.value) == (
        "Your API key laptop (…-key) cannot be used: It was revoked. Re-check or replace it."
    )


def test_the_key_of_someone_who_left_is_used_no_more(
    alice: User, otto: User, acme: Workspace
) -> None:
    key_of(otto, acme, shared=True)
    otto.memberships.filter(team=acme.team).delete()

    with pytest.raises(NoKey):
        client_for(workspace=acme, person=alice)


def test_the_key_of_someone_deactivated_is_used_no_more(
    alice: User, otto: User, acme: Workspace
) -> None:
    key_of(otto, acme, shared=True)
    otto.is_active = False
    otto.save()

    with pytest.raises(NoKey):
        client_for(workspace=acme, person=alice)


def test_a_key_goes_to_an_allowed_address_only(
    alice: User, acme: Workspace, settings: Settings, loops: Simulator
) -> None:
    key = key_of(alice, acme)
    settings.LOOPSWEB_API_URLS = ["https://loops.example.com"]

    with pytest.raises(KeyUnusable):
        client_of(key)
    with pytest.raises(NoKey) as raised:
        client_for(workspace=acme, person=alice)

    assert str(raised.value) == (
        "The API URL https://api.baseten.co is not among those that loopsweb may talk to. "
        "Whoever runs loopsweb can add it to LOOPSWEB_API_URLS."
    )
    assert loops.requests == []


def test_a_key_that_cannot_be_decrypted_is_passed_over(
    alice: User, otto: User, acme: Workspace
) -> None:
    broken = key_of(otto, acme, secret="demo-own-key")
    shared = key_of(alice, acme, shared=True)
    Key.objects.filter(pk=broken.pk).update(ciphertext=shared.ciphertext)

    assert acting_key(acme, otto) == shared


def test_the_client_asks_with_the_key(alice: User, acme: Workspace, loops: Simulator) -> None:
    client = client_of(key_of(alice, acme))

    assert len(client.list_runs(scope="org")) == len(loops.world.runs)
    assert loops.requests[-1].headers["authorization"] == "Api-Key demo-org-key"


@pytest.mark.parametrize(("method", "asked"), [("get_session", 1), ("", 3)])
def test_what_a_page_waits_for_is_asked_once(
    alice: User, acme: Workspace, loops: Simulator, method: str, asked: int
) -> None:
    key_of(alice, acme)
    client = client_for(workspace=acme, person=alice, method=method).client
    loops.fail("GET *", mode="status", count=9, status=503)

    with stamina.set_testing(True, attempts=9, cap=True), pytest.raises(errors.ServerError):
        client.get_session("s1")

    assert len(list(loops.requests)) == asked


def test_no_page_waits_longer_than_ten_seconds_for_one_answer() -> None:
    limits = WHILE_A_PAGE_WAITS

    assert max(limits.deadline, limits.deadline_list, limits.read, limits.read_list) == 10
