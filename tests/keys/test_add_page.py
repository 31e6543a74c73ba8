from __future__ import annotations

import pytest
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace, set_up_team
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.keys.factory import create_key
from tests.personas import login_as

URL = "https://api.baseten.co"
OTHER_URL = "https://api.other.example.com"
ADD = "/keys/add/"


def typed(workspace: Workspace, **given: str) -> dict[str, str]:
    fields = {"name": "laptop", "secret": "demo-org-key", "api_url": URL}
    return fields | {"workspace": workspace.slug} | given


def test_the_form_has_its_fields(alice: User, acme: Workspace) -> None:
    page = login_as(alice).get(ADD, {"workspace": acme.slug})

    form = page.context["form"]
    labels = [field.label for field in form]
    assert labels == ["Name", "API key", "API URL", "Workspace", "My team may act with this key"]
    assert form["api_url"].field.choices == [(URL, URL)]
    assert form["workspace"].help_text == "The workspace's team sees everything this key can see."
    assert form["workspace"].value() == acme.slug
    html = page.content.decode()
    assert '<input type="password" name="secret"' in html
    assert 'autocomplete="off"' in html
    assert ">Add key</button>" in html


def test_the_form_offers_workspaces_that_accept_keys(
    otto: User, vic: User, acme: Workspace
) -> None:
    def offered(person: User) -> set[str]:
        form = login_as(person).get(ADD).context["form"]
        return {workspace.slug for workspace in form.fields["workspace"].queryset}

    assert offered(otto) == {"otto", acme.slug}
    assert offered(vic) == {"vic"}


def test_workspaces_of_the_same_name_are_distinguished(alice: User, acme: Workspace) -> None:
    other = set_up_team(name="Acme", founder=alice).workspaces.get()

    form = login_as(alice).get("/keys/add/").context["form"]

    offered = [str(label) for _, label in form.fields["workspace"].choices]
    assert offered == ["Acme (acme)", f"Acme ({other.slug})", "Alice (alice)"]


def test_adding_a_key(otto: User, acme: Workspace, loops: Simulator) -> None:
    answer = login_as(otto).post(ADD, typed(acme, shared="on"))

    key = Key.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/keys/{key.uid}/")
    assert (key.owner, key.workspace, key.name, key.shared) == (otto, acme, "laptop", True)
    assert key.decrypt_secret() == "demo-org-key"
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
            "An API key has only letters, digits and punctuation, no spaces. Copy it again.",
        ),
        ({"secret": ""}, "secret", "Enter an API key."),
        (
            {"api_url": "https://evil.example.com"},
            "api_url",
            "Choose one of those offered.",
        ),
        ({"name": ""}, "name", "Enter a name."),
        (
            {"name": "lap\u200btop"},
            "name",
            (
                "Character 4 (U+200B, zero width space) cannot be seen. Delete it, or type an "
                "ordinary space instead."
            ),
        ),
    ],
)
def test_errors_are_shown_at_their_field(
    given: dict[str, str],
    field: str,
    message: str,
    otto: User,
    acme: Workspace,
    loops: Simulator,
) -> None:
    answer = login_as(otto).post(ADD, typed(acme, **given))

    assert answer.status_code == 422
    assert answer.context["form"].errors[field] == [message]
    assert Key.objects.count() == 0


def test_a_key_needs_permission_in_its_workspace(
    vic: User, mallory: User, acme: Workspace, loops: Simulator
) -> None:
    for person in (vic, mallory):
        answer = login_as(person).post(ADD, typed(acme))

        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == ["workspace", "secret"]
    assert Key.objects.count() == 0
    assert loops.requests == []


def test_while_the_api_is_down_the_form_keeps_all_but_the_key(
    otto: User, acme: Workspace, loops: Simulator
) -> None:
    loops.add_fault("*", "status", count=None, status=503)

    answer = login_as(otto).post(ADD, typed(acme, shared="on"))

    form = answer.context["form"]
    assert answer.status_code == 422
    assert form.errors["__all__"] == [
        "The Loops API had an internal error (status 503). Try again later. Nothing was stored."
    ]
    assert form.errors["secret"] == ["Paste the key again. It is never sent back to this page."]
    assert (form["name"].value(), form["shared"].value()) == ("laptop", True)
    html = answer.content.decode()
    assert 'value="laptop"' in html
    assert "demo-org-key" not in html
    assert Key.objects.count() == 0


def test_a_duplicate_key_is_refused(
    alice: User, otto: User, acme: Workspace, loops: Simulator
) -> None:
    create_key(alice, acme, name="Alice's laptop")

    own = login_as(alice).post(ADD, typed(acme)).context["form"]
    anothers = login_as(otto).post(ADD, typed(acme)).context["form"]

    assert own.errors["secret"] == [
        "This workspace already has this key: it is your key “Alice's laptop”."
    ]
    assert anothers.errors["secret"] == ["This workspace already has this key."]


def test_a_workspace_has_one_api(
    alice: User, otto: User, acme: Workspace, loops: Simulator, settings: Settings
) -> None:
    settings.LOOPSWEB_API_URLS = [URL, OTHER_URL]
    create_key(alice, acme, secret="demo-other-key")
    browser = login_as(otto)

    answer = browser.post(ADD, typed(acme, api_url=OTHER_URL))

    assert answer.status_code == 422
    [error] = answer.context["form"].errors["api_url"]
    assert error == (
        f"This workspace uses {URL}, and a workspace has one API. Add a key for another API to "
        "another workspace."
    )
    assert (Key.objects.count(), loops.requests) == (1, [])
    own = otto.teams.get(name="Otto").workspaces.get()
    assert browser.post(ADD, typed(own, api_url=OTHER_URL)).status_code == 302


def test_a_workspace_accepts_another_spelling_of_its_api(
    alice: User, otto: User, acme: Workspace, loops: Simulator
) -> None:
    create_key(alice, acme, secret="demo-other-key", api_url="HTTPS://API.Baseten.co:443/")

    assert login_as(otto).post(ADD, typed(acme)).status_code == 302

    assert Key.objects.get(owner=otto).api_url == URL


def test_probing_keys_is_rate_limited(otto: User, acme: Workspace, loops: Simulator) -> None:
    key, browser = create_key(otto, acme), login_as(otto)
    wrong = "nobody-gave-this-out"
    for number in range(20):
        path = f"/keys/{key.uid}/replace/" if number % 2 else ADD
        assert browser.post(path, typed(acme, secret=wrong)).status_code == 422
    before = len(loops.requests)

    for path in (ADD, f"/keys/{key.uid}/replace/"):
        answer = browser.post(path, typed(acme, secret=wrong))

        assert answer.status_code == 429
        assert answer.context["form"].errors["secret"] == [
            "You can do this 20 times a minute. Try again later."
        ]
    assert len(loops.requests) == before


def test_keys_require_mfa_if_the_team_does(otto: User, acme: Workspace, loops: Simulator) -> None:
    key, browser = create_key(otto, acme), login_as(otto)
    own = otto.teams.get(name="Otto").workspaces.get()
    acme.team.second_factor_required = True
    acme.team.save()
    changes = [
        reverse(f"keys:{page}", args=[key.uid]) for page in ("check", "replace", "share", "remove")
    ]

    led = {browser.post(path, typed(acme, secret="demo-other-key")) for path in [ADD, *changes]}

    assert {each["Location"] for each in led} == {"/accounts/second-factor/"}
    assert Key.objects.get().decrypt_secret() == "demo-org-key"
    assert loops.requests == []
    assert browser.get(key.get_absolute_url()).status_code == 200
    assert browser.post(ADD, typed(own)).status_code == 302


def test_a_key_is_added_on_the_page_that_lists_them(
    acme: Workspace, alice: User, loops: Simulator
) -> None:
    browser = login_as(alice)
    form = browser.get("/keys/").context["form"]
    fields = {name: form[name].value() or "" for name in form.fields if name != "shared"}
    fields |= {"name": "mine", "secret": "demo-org-key", "workspace": acme.slug}
    fields["api_url"] = form.fields["api_url"].choices[0][0]
    wrong = browser.post("/keys/", fields | {"secret": "no-such-key"})
    assert wrong.status_code == 422
    assert browser.post("/keys/", fields).status_code == 302
    assert Key.objects.get().name == "mine"
