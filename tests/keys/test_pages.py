from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from loopsweb.accounts.models import Role, User, Workspace, found_team
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.keys.factory import key_of
from tests.personas import client_of

URL = "https://api.baseten.co"
OTHER_URL = "https://api.other.example.com"
ADD = "/keys/add/"


def typed(workspace: Workspace, **given: str) -> dict[str, str]:
    fields = {"name": "laptop", "secret": "demo-org-key", "api_url": URL}
    return fields | {"workspace": workspace.slug} | given


def test_the_list_shows_ones_own_keys_alone(alice: User, otto: User, acme: Workspace) -> None:
    key_of(alice, acme, name="Alice's laptop")
    key_of(otto, acme, name="Otto's laptop", secret="demo-other-key")

    page = client_of(otto).get("/keys/")

    assert [key.name for key in page.context["keys"]] == ["Otto's laptop"]
    assert "Alice" not in page.content.decode()


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_asks_the_same_questions_whatever_its_length(
    count: int, alice: User, acme: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        key_of(alice, acme, secret=f"demo-org-key-{number}")
    browser = client_of(alice)
    browser.get("/keys/")

    with django_assert_num_queries(6):
        browser.get("/keys/")


def test_the_form_has_its_fields(alice: User, acme: Workspace) -> None:
    page = client_of(alice).get(ADD, {"workspace": acme.slug})

    form = page.context["form"]
    labels = [field.label for field in form]
    assert labels == ["Name", "API key", "API URL", "Workspace", "My team may act with this key"]
    assert form["api_url"].field.choices == [(URL, URL)]
    assert form["workspace"].help_text == "What this key sees, the workspace's team sees."
    assert form["workspace"].value() == acme.slug
    html = page.content.decode()
    assert '<input type="password" name="secret"' in html
    assert 'autocomplete="off"' in html
    assert ">Add key</button>" in html


def test_a_workspace_is_offered_to_those_who_may_add_keys_there(
    otto: User, vic: User, acme: Workspace
) -> None:
    def offered(person: User) -> set[str]:
        form = client_of(person).get(ADD).context["form"]
        return {workspace.slug for workspace in form.fields["workspace"].queryset}

    assert offered(otto) == {"otto", acme.slug}
    assert offered(vic) == {"vic"}


def test_two_workspaces_of_one_name_are_told_apart(alice: User, acme: Workspace) -> None:
    other = found_team(name="Acme", founder=alice).workspaces.get()

    form = client_of(alice).get("/keys/add/").context["form"]

    offered = [str(label) for _, label in form.fields["workspace"].choices]
    assert offered == ["Acme (acme)", f"Acme ({other.slug})", "Alice (alice)"]


def test_adding_a_key(otto: User, acme: Workspace, loops: Simulator) -> None:
    answer = client_of(otto).post(ADD, typed(acme, shared="on"))

    key = Key.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/keys/{key.uid}/")
    assert (key.owner, key.workspace, key.name, key.shared) == (otto, acme, "laptop", True)
    assert key.secret() == "demo-org-key"
    event = Event.objects.get()
    assert (event.workspace, event.person, event.role) == (acme.slug, otto.email, "operator")
    assert (event.address, len(event.request_id)) == ("127.0.0.1", 32)


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        (
            {"secret": "nobody-gave-this-out"},
            "secret",
            "The Loops API refused this key: Invalid API key.",
        ),
        (
            {"secret": "two words"},
            "secret",
            "An API key is plain letters, digits and signs without spaces. Copy it again.",
        ),
        ({"secret": ""}, "secret", "This field is required."),
        (
            {"api_url": "https://evil.example.com"},
            "api_url",
            "Select a valid choice. https://evil.example.com is not one of the available choices.",
        ),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_what_cannot_be_added_is_said_at_its_field(
    given: dict[str, str],
    field: str,
    message: str,
    otto: User,
    acme: Workspace,
    loops: Simulator,
) -> None:
    answer = client_of(otto).post(ADD, typed(acme, **given))

    assert answer.status_code == 422
    assert answer.context["form"].errors[field] == [message]
    assert Key.objects.count() == 0


def test_a_key_cannot_be_put_where_one_may_not(
    vic: User, mallory: User, acme: Workspace, loops: Simulator
) -> None:
    for person in (vic, mallory):
        answer = client_of(person).post(ADD, typed(acme))

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["workspace", "secret"]
    assert Key.objects.count() == 0
    assert loops.requests == []


def test_an_api_that_is_down_keeps_what_was_typed_but_for_the_key(
    otto: User, acme: Workspace, loops: Simulator
) -> None:
    loops.fail("*", "status", count=None, status=503)

    answer = client_of(otto).post(ADD, typed(acme, shared="on"))

    form = answer.context["form"]
    assert answer.status_code == 422
    assert form.errors["__all__"] == [
        "The Loops API has a fault of its own (status 503). Try again later. Nothing was stored."
    ]
    assert form.errors["secret"] == ["Paste the key again: it is never sent back to this page."]
    assert (form["name"].value(), form["shared"].value()) == ("laptop", True)
    html = answer.content.decode()
    assert 'value="laptop"' in html
    assert "demo-org-key" not in html
    assert Key.objects.count() == 0


def test_the_same_key_twice(alice: User, otto: User, acme: Workspace, loops: Simulator) -> None:
    key_of(alice, acme, name="Alice's laptop")

    own = client_of(alice).post(ADD, typed(acme)).context["form"]
    anothers = client_of(otto).post(ADD, typed(acme)).context["form"]

    assert own.errors["secret"] == [
        "This is your key “Alice's laptop”, which this workspace has already."
    ]
    assert anothers.errors["secret"] == ["This workspace has this key already."]


def test_a_workspace_has_one_api(
    alice: User, otto: User, acme: Workspace, loops: Simulator, settings: Settings
) -> None:
    settings.LOOPSWEB_API_URLS = [URL, OTHER_URL]
    key_of(alice, acme, secret="demo-other-key")
    browser = client_of(otto)

    answer = browser.post(ADD, typed(acme, api_url=OTHER_URL))

    assert answer.status_code == 422
    [said] = answer.context["form"].errors["api_url"]
    assert said == (
        f"This workspace is read from {URL}, and a workspace has one API. "
        "Put a key of another API into another workspace."
    )
    assert (Key.objects.count(), loops.requests) == (1, [])
    own = otto.teams.get(name="Otto").workspaces.get()
    assert browser.post(ADD, typed(own, api_url=OTHER_URL)).status_code == 302


def test_keys_are_not_tried_without_end(otto: User, acme: Workspace, loops: Simulator) -> None:
    key, browser = key_of(otto, acme), client_of(otto)
    wrong = "nobody-gave-this-out"
    for number in range(20):
        path = f"/keys/{key.uid}/replace/" if number % 2 else ADD
        assert browser.post(path, typed(acme, secret=wrong)).status_code == 422
    asked = len(loops.requests)

    for path in (ADD, f"/keys/{key.uid}/replace/"):
        answer = browser.post(path, typed(acme, secret=wrong))

        assert answer.status_code == 429
        assert answer.context["form"].errors["secret"] == [
            "This can be done 20 times in a minute. Wait a minute, then try again."
        ]
    assert len(loops.requests) == asked


def test_a_second_factor_that_the_team_demands_is_demanded_for_its_keys(
    otto: User, acme: Workspace, loops: Simulator
) -> None:
    key, browser = key_of(otto, acme), client_of(otto)
    own = otto.teams.get(name="Otto").workspaces.get()
    acme.team.second_factor_required = True
    acme.team.save()
    changes = [reverse(f"keys:{page}", args=[key.uid]) for page in PAGES[1:]]

    led = {browser.post(path, typed(acme, secret="demo-other-key")) for path in [ADD, *changes]}

    assert {each["Location"] for each in led} == {"/accounts/second-factor/"}
    assert Key.objects.get().secret() == "demo-org-key"
    assert loops.requests == []
    assert browser.get(key.get_absolute_url()).status_code == 200
    assert browser.post(ADD, typed(own)).status_code == 302


def test_the_matrix(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, can_manage=False, offers={"get_identity": True, "list_prices": False})

    page = client_of(otto).get(key.get_absolute_url())

    assert [(row.name, row.answer) for row in page.context["scopes"]] == [
        ("manage_own_user_or_service_account", True),
        ("manage_org_training_projects", False),
    ]
    answers = {row.name: row.answer for row in page.context["newer_routes"]}
    assert answers["GET /v1/users/me"] is True
    assert answers["GET /v1/instance_type_prices"] is False
    assert answers["GET /v1/loops/deployments/…/logs"] is None


def test_no_page_shows_more_of_a_key_than_its_ends(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, secret="AbCdEfGh.0123456789abcdef")
    browser = client_of(otto)

    for name in ("detail", "replace", "remove"):
        html = browser.get(reverse(f"keys:{name}", args=[key.uid])).content.decode()

        assert "0123456789" not in html
        assert ("AbCdEfGh…cdef" in html) == (name != "remove")


def test_a_refused_key_says_why_and_since_when(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, state="refused", state_reason="It was revoked.")

    html = client_of(otto).get(key.get_absolute_url()).content.decode()

    assert "<p>It was revoked.</p>" in html


def test_rechecking(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = key_of(otto, acme)
    loops.world.revoke("demo-org-key")

    answer = client_of(otto).post(f"/keys/{key.uid}/check/", follow=True)

    assert Key.objects.get().state == "refused"
    assert [str(message) for message in answer.context["messages"]] == [
        "The Loops API refused this key: Invalid API key."
    ]


def test_rechecking_while_the_api_is_down(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = key_of(otto, acme)
    loops.fail("*", "status", count=None, status=503)

    answer = client_of(otto).post(f"/keys/{key.uid}/check/", follow=True)

    assert Key.objects.get().state == "healthy"
    assert [str(message) for message in answer.context["messages"]] == [
        (
            "The key could not be checked. "
            "The Loops API has a fault of its own (status 503). Try again later."
        )
    ]


def test_replacing(otto: User, acme: Workspace, loops: Simulator) -> None:
    key = key_of(otto, acme)
    browser = client_of(otto)

    refused = browser.post(f"/keys/{key.uid}/replace/", {"secret": "nobody-gave-this-out"})
    assert refused.status_code == 422
    assert Key.objects.get().secret() == "demo-org-key"

    accepted = browser.post(f"/keys/{key.uid}/replace/", {"secret": "demo-other-key"})
    assert accepted.status_code == 302
    assert Key.objects.get().secret() == "demo-other-key"


def test_sharing(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)
    browser = client_of(otto)

    browser.post(f"/keys/{key.uid}/share/", {"shared": "on"})
    assert Key.objects.get().shared is True
    browser.post(f"/keys/{key.uid}/share/", {})
    assert Key.objects.get().shared is False


def test_removing_asks_first(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)
    browser = client_of(otto)

    asked = browser.get(f"/keys/{key.uid}/remove/")
    assert (asked.status_code, Key.objects.count()) == (200, 1)

    done = browser.post(f"/keys/{key.uid}/remove/")
    assert (done.status_code, done["Location"], Key.objects.count()) == (302, "/keys/", 0)


PAGES = ["detail", "check", "replace", "share", "remove"]


@pytest.mark.parametrize("page", PAGES)
def test_a_key_is_nobody_elses(page: str, alice: User, otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)
    url = reverse(f"keys:{page}", args=[key.uid])

    assert client_of(alice).get(url).status_code == 404
    assert client_of(alice).post(url).status_code == 404
    assert Client().post(url)["Location"] == f"/accounts/login/?next={url}"
    assert Key.objects.get().secret() == "demo-org-key"


@pytest.mark.parametrize("page", PAGES)
def test_a_key_that_does_not_exist(page: str, alice: User) -> None:
    assert client_of(alice).post(reverse(f"keys:{page}", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("page", ["check", "share"])
def test_what_changes_something_is_posted(page: str, otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme)

    assert client_of(otto).get(reverse(f"keys:{page}", args=[key.uid])).status_code == 405


def test_who_became_a_viewer_may_still_take_the_key_away(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, shared=True)
    otto.memberships.filter(team=acme.team).update(role=Role.VIEWER)
    browser = client_of(otto)

    assert browser.post(f"/keys/{key.uid}/replace/", {"secret": "other"}).status_code == 403
    assert browser.post(f"/keys/{key.uid}/share/", {"shared": "on"}).status_code == 403
    assert Key.objects.get().shared is True
    assert browser.post(f"/keys/{key.uid}/share/", {}).status_code == 302
    assert Key.objects.get().shared is False
    assert browser.post(f"/keys/{key.uid}/remove/").status_code == 302
    assert Key.objects.count() == 0


def test_hostile_names_stay_words(otto: User, acme: Workspace) -> None:
    key = key_of(otto, acme, name="<script>alert(1)</script>", api_email='"><b>x')

    for url in ("/keys/", key.get_absolute_url(), f"/keys/{key.uid}/remove/"):
        html = client_of(otto).get(url).content.decode()

        assert "<script>alert" not in html
        assert "<b>x" not in html


def test_a_key_is_added_on_the_page_that_lists_them(
    acme: Workspace, alice: User, loops: Simulator
) -> None:
    browser = client_of(alice)
    form = browser.get("/keys/").context["form"]
    fields = {name: form[name].value() or "" for name in form.fields if name != "shared"}
    fields |= {"name": "mine", "secret": "demo-org-key", "workspace": acme.slug}
    fields["api_url"] = form.fields["api_url"].choices[0][0]
    wrong = browser.post("/keys/", fields | {"secret": "no-such-key"})
    assert wrong.status_code == 422
    assert browser.post("/keys/", fields).status_code == 302
    assert Key.objects.get().name == "mine"
