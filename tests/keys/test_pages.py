from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.keys.factory import create_key
from tests.personas import login_as


def test_the_list_shows_own_keys_only(alice: User, otto: User, acme: Workspace) -> None:
    create_key(alice, acme, name="Alice's laptop")
    create_key(otto, acme, name="Otto's laptop", secret="demo-other-key")

    page = login_as(otto).get("/keys/")

    assert [key.name for key in page.context["keys"]] == ["Otto's laptop"]
    assert "Alice" not in page.content.decode()


@pytest.mark.parametrize("count", [1, 5])
def test_the_key_list_needs_a_constant_number_of_queries(
    count: int, alice: User, acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        create_key(alice, acme, secret=f"demo-org-key-{number}")
    browser = login_as(alice)
    browser.get("/keys/")

    with django_assert_num_queries(6):
        browser.get("/keys/")


def test_the_matrix(otto: User, acme: Workspace) -> None:
    key = create_key(
        otto, acme, can_manage=False, offers={"get_identity": True, "list_prices": False}
    )

    page = login_as(otto).get(key.get_absolute_url())

    assert [(row.name, row.answer) for row in page.context["scopes"]] == [
        ("manage_own_user_or_service_account", True),
        ("manage_org_training_projects", False),
    ]
    answers = {row.name: row.answer for row in page.context["newer_routes"]}
    assert answers["GET /v1/users/me"] is True
    assert answers["GET /v1/instance_type_prices"] is False
    assert answers["GET /v1/loops/deployments/…/logs"] is None


def test_pages_show_only_the_ends_of_a_key(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme, secret="AbCdEfGh.0123456789abcdef")
    browser = login_as(otto)

    for name in ("detail", "replace", "remove"):
        html = browser.get(reverse(f"keys:{name}", args=[key.uid])).content.decode()

        assert "0123456789" not in html
        assert ("AbCdEfGh…cdef" in html) == (name != "remove")


def test_a_refused_key_says_why_and_since_when(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme, state="refused", state_reason="It was revoked.")

    html = login_as(otto).get(key.get_absolute_url()).content.decode()

    assert "<p>It was revoked.</p>" in html


def test_rechecking(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = create_key(otto, acme)
    loops.world.revoke_key("demo-org-key")

    answer = login_as(otto).post(f"/keys/{key.uid}/check/", follow=True)

    assert Key.objects.get().state == "refused"
    assert [str(message) for message in answer.context["messages"]] == [
        "The Loops API refused this key: Invalid API key."
    ]


def test_rechecking_while_the_api_is_down(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = create_key(otto, acme)
    loops.add_fault("*", "status", count=None, status=503)

    answer = login_as(otto).post(f"/keys/{key.uid}/check/", follow=True)

    assert Key.objects.get().state == "healthy"
    assert [str(message) for message in answer.context["messages"]] == [
        (
            "The key could not be checked. "
            "The Loops API had an internal error (status 503). Try again later."
        )
    ]


def test_replacing(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = create_key(otto, acme)
    browser = login_as(otto)

    refused = browser.post(f"/keys/{key.uid}/replace/", {"secret": "nobody-gave-this-out"})
    assert refused.status_code == 422
    assert Key.objects.get().decrypt_secret() == "demo-org-key"

    accepted = browser.post(f"/keys/{key.uid}/replace/", {"secret": "demo-other-key"})
    assert accepted.status_code == 302
    assert Key.objects.get().decrypt_secret() == "demo-other-key"


def test_sharing(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme)
    browser = login_as(otto)

    browser.post(f"/keys/{key.uid}/share/", {"shared": "on"})
    assert Key.objects.get().shared is True
    browser.post(f"/keys/{key.uid}/share/", {})
    assert Key.objects.get().shared is False


def test_removing_asks_for_confirmation(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme)
    browser = login_as(otto)

    page = browser.get(f"/keys/{key.uid}/remove/")
    assert (page.status_code, Key.objects.count()) == (200, 1)

    done = browser.post(f"/keys/{key.uid}/remove/")
    assert (done.status_code, done["Location"], Key.objects.count()) == (302, "/keys/", 0)


PAGES = ["detail", "check", "replace", "share", "remove"]


@pytest.mark.parametrize("page", PAGES)
def test_a_key_is_not_found_for_anyone_but_its_owner(
    page: str, alice: User, otto: User, acme: Workspace
) -> None:
    key = create_key(otto, acme)
    url = reverse(f"keys:{page}", args=[key.uid])

    assert login_as(alice).get(url).status_code == 404
    assert login_as(alice).post(url).status_code == 404
    assert Client().post(url)["Location"] == "/accounts/login/?next=%2F"
    assert Key.objects.get().decrypt_secret() == "demo-org-key"


@pytest.mark.parametrize("page", PAGES)
def test_a_key_that_does_not_exist(page: str, alice: User) -> None:
    assert login_as(alice).post(reverse(f"keys:{page}", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("page", ["check", "share"])
def test_changes_need_post(page: str, otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme)

    answer = login_as(otto).get(reverse(f"keys:{page}", args=[key.uid]))

    assert answer["Location"] == key.get_absolute_url()


def test_a_former_operator_can_still_remove_their_key(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme, shared=True)
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)
    browser = login_as(otto)

    assert browser.post(f"/keys/{key.uid}/replace/", {"secret": "other"}).status_code == 403
    assert browser.post(f"/keys/{key.uid}/share/", {"shared": "on"}).status_code == 403
    assert Key.objects.get().shared is True
    assert browser.post(f"/keys/{key.uid}/share/", {}).status_code == 302
    assert Key.objects.get().shared is False
    assert browser.post(f"/keys/{key.uid}/remove/").status_code == 302
    assert Key.objects.count() == 0


def test_hostile_names_are_escaped(otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme, name="<script>alert(1)</script>", api_email='"><b>x')

    for url in ("/keys/", key.get_absolute_url(), f"/keys/{key.uid}/remove/"):
        html = login_as(otto).get(url).content.decode()

        assert "<script>alert" not in html
        assert "<b>x" not in html
