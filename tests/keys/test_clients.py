from __future__ import annotations

import pytest
import stamina
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.clients import (
    PAGE_LIMITS,
    KeyUnusable,
    NoKey,
    build_client,
    explain_missing_access,
    find_client,
)
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator
from tests.keys.factory import create_key

NO_KEY = "You have no API key in this workspace, and no teammate shares one. Add a key."


def acting_key(workspace: Workspace, person: User, method: str = "") -> Key:
    return find_client(workspace=workspace, person=person, method=method).key


def test_own_keys_come_first(alice: User, otto: User, acme: Workspace) -> None:
    create_key(alice, acme, shared=True, sees_organisation=True)
    own = create_key(otto, acme, secret="demo-own-key")

    assert acting_key(acme, otto) == own


def test_a_shared_key_is_the_fallback(alice: User, otto: User, acme: Workspace) -> None:
    create_key(alice, acme, secret="demo-other-key", shared=False)
    shared = create_key(alice, acme, shared=True)

    assert acting_key(acme, otto) == shared


def test_an_unshared_key_is_used_by_its_owner_only(
    alice: User, otto: User, acme: Workspace
) -> None:
    create_key(alice, acme)

    with pytest.raises(NoKey, match=f"^{NO_KEY}$"):
        find_client(workspace=acme, person=otto)
    assert explain_missing_access(workspace=acme, person=otto, method="create_run") == NO_KEY


def test_a_key_is_used_in_its_own_workspace_only(alice: User, acme: Workspace) -> None:
    create_key(alice, acme)
    other = alice.teams.exclude(pk=acme.team_id).get().workspaces.get()

    with pytest.raises(NoKey):
        find_client(workspace=other, person=alice)


def test_a_key_known_to_lack_a_scope_is_skipped(alice: User, otto: User, acme: Workspace) -> None:
    own = create_key(otto, acme, secret="demo-own-key", can_manage=False)
    shared = create_key(alice, acme, shared=True)

    assert acting_key(acme, otto, "list_runs") == own
    assert acting_key(acme, otto, "deactivate_deployment") == shared
    assert explain_missing_access(workspace=acme, person=otto, method="deactivate_deployment") == ""


def test_the_reason_is_about_the_own_key_first(otto: User, acme: Workspace) -> None:
    create_key(otto, acme, secret="demo-own-key", name="laptop", can_manage=False)
    reason = "The API key laptop (…-key) lacks the scope manage_org_training_projects."

    with pytest.raises(NoKey) as raised:
        find_client(workspace=acme, person=otto, method="create_run")

    assert str(raised.value) == reason
    assert explain_missing_access(workspace=acme, person=otto, method="create_run") == reason


def test_a_refused_own_key_is_the_reason(otto: User, acme: Workspace) -> None:
    create_key(otto, acme, name="laptop", state="refused", state_reason="It was revoked.")

    with pytest.raises(NoKey) as raised:
        find_client(workspace=acme, person=otto)

    assert str(raised.value) == (
        "Your API key laptop (…-key) cannot be used: It was revoked. Re-check or replace it."
    )


def test_keys_of_former_members_are_not_used(alice: User, otto: User, acme: Workspace) -> None:
    create_key(otto, acme, shared=True)
    otto.memberships.filter(team=acme.team).delete()

    with pytest.raises(NoKey):
        find_client(workspace=acme, person=alice)


def test_keys_of_deactivated_people_are_not_used(alice: User, otto: User, acme: Workspace) -> None:
    create_key(otto, acme, shared=True)
    otto.is_active = False
    otto.save()

    with pytest.raises(NoKey):
        find_client(workspace=acme, person=alice)


@pytest.mark.parametrize("stored", ["HTTPS://API.Baseten.co:443/", "https://api.baseten.co."])
def test_a_key_stored_under_another_spelling_of_its_url_is_used(
    stored: str, alice: User, acme: Workspace, loops: Simulator
) -> None:
    create_key(alice, acme, api_url=stored)

    found = find_client(workspace=acme, person=alice)

    assert found.client.get_identity().email == "ada@example.com"
    assert len(loops.requests) == 1


def test_a_key_is_sent_to_allowed_urls_only(
    alice: User, acme: Workspace, settings: Settings, loops: Simulator
) -> None:
    key = create_key(alice, acme)
    settings.LOOPSWEB_API_URLS = ["https://loops.example.com"]

    with pytest.raises(KeyUnusable):
        build_client(key)
    with pytest.raises(NoKey) as raised:
        find_client(workspace=acme, person=alice)

    assert str(raised.value) == (
        "The API URL https://api.baseten.co is not allowed. An administrator of loopsweb can "
        "add it to LOOPSWEB_API_URLS."
    )
    assert loops.requests == []


def test_a_key_that_cannot_be_decrypted_is_skipped(
    alice: User, otto: User, acme: Workspace
) -> None:
    broken = create_key(otto, acme, secret="demo-own-key")
    shared = create_key(alice, acme, shared=True)
    Key.objects.filter(pk=broken.pk).update(ciphertext=shared.ciphertext)

    assert acting_key(acme, otto) == shared


def test_the_client_sends_the_key(alice: User, acme: Workspace, loops: Simulator) -> None:
    client = build_client(create_key(alice, acme))

    assert len(client.list_runs(scope="org")) == len(loops.world.runs)
    assert loops.requests[-1].headers["authorization"] == "Api-Key demo-org-key"


@pytest.mark.parametrize(("method", "requests"), [("get_session", 1), ("", 3)])
def test_page_requests_are_not_retried(
    alice: User, acme: Workspace, loops: Simulator, method: str, requests: int
) -> None:
    create_key(alice, acme)
    client = find_client(workspace=acme, person=alice, method=method).client
    loops.add_fault("GET *", mode="status", count=9, status=503)

    with stamina.set_testing(True, attempts=9, cap=True), pytest.raises(errors.ServerError):
        client.get_session("s1")

    assert len(list(loops.requests)) == requests


def test_no_page_waits_longer_than_ten_seconds_for_one_answer() -> None:
    limits = PAGE_LIMITS

    assert max(limits.deadline, limits.deadline_list, limits.read, limits.read_list) == 10
