"""What /admin/ shows, to whom, and what its lists can be filtered by."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client, RequestFactory
from pytest_django import Settings

from loopsweb.accounts.models import User
from loopsweb.ui.offered_filters import OfferedFiltersMixin
from tests.personas import add_totp, create_root, login_as

PASSWORD = "correct horse battery"
REGISTERED = {
    "accounts.Team",
    "accounts.User",
    "accounts.Workspace",
    "audit.Event",
    "keys.Key",
    "mfa.Authenticator",
    "resources.Catalogue",
    "resources.Checkpoint",
    "resources.Deactivation",
    "resources.Deployment",
    "resources.PollState",
    "resources.Run",
    "resources.Sampler",
    "resources.Session",
    "resources.StatusChange",
    "socialaccount.SocialAccount",
    "usersessions.UserSession",
}
SECRETS = {"session_key", "ciphertext", "password", "digest", "data", "extra_data"}
SITE = admin.site._registry


def test_nothing_else_is_registered() -> None:
    assert {model._meta.label for model in SITE} == REGISTERED


@pytest.mark.parametrize("model", SITE, ids=lambda model: model._meta.label)
def test_lists_are_filtered_by_what_they_offer(model: type[Model], db: None) -> None:
    page, request = SITE[model], RequestFactory().get("/")
    assert isinstance(page, OfferedFiltersMixin)
    lookups = list_lookups(model)

    allowed = [each for each in lookups if page.lookup_allowed(f"{each}__startswith", "a", request)]

    offered = {str(each).split("__")[0] for each in [*page.list_filter, page.date_hierarchy]}
    assert {each.split("__")[0] for each in allowed} <= offered
    assert SECRETS.isdisjoint(part for each in allowed for part in each.split("__"))


def list_lookups(model: type[Model]) -> list[str]:
    """Every column, and every column of what the model refers to or is referred to by."""
    lookups = []
    for field in model._meta.get_fields():
        lookups.append(field.name)
        if field.related_model:
            there = field.related_model._meta.get_fields()
            lookups += [f"{field.name}__{each.name}" for each in there]
    return lookups


@pytest.mark.parametrize(
    ("path", "lookup"),
    [
        ("usersessions/usersession/", "session_key__startswith"),
        ("keys/key/", "ciphertext__startswith"),
        ("keys/key/", "owner__password__startswith"),
        ("mfa/authenticator/", "data__secret__startswith"),
        ("mfa/authenticator/", "user__password__startswith"),
        ("accounts/user/", "password__startswith"),
        ("accounts/user/", "access_tokens__digest__startswith"),
        ("accounts/team/", "invitations__digest__startswith"),
        ("resources/pollstate/", "key__ciphertext__startswith"),
    ],
)
def test_a_secret_is_not_found_out_by_filtering(path: str, lookup: str, db: None) -> None:
    assert login_as(create_root()).get(f"/admin/{path}", {lookup: "a"}).status_code == 400


def test_the_first_visit_leads_to_setting_up_a_second_factor(db: None) -> None:
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    browser = Client()
    browser.post("/accounts/login/", {"login": root.email, "password": PASSWORD})

    for path in ("/admin/", "/admin/accounts/user/", "/admin/nowhere/"):
        assert browser.get(path)["Location"] == "/accounts/second-factor/"
        assert browser.post(path)["Location"] == "/accounts/second-factor/"
    page = browser.get("/accounts/second-factor/").content.decode()
    assert "The administration requires two-factor authentication" in page
    assert 'href="/accounts/2fa/totp/activate/"' in page
    assert browser.get("/w/root/").status_code == 200

    add_totp(root)
    assert browser.get("/admin/").status_code == 200
    assert "Nothing to set up" in browser.get("/accounts/second-factor/").content.decode()


OPEN = {"login", "logout"}  # they sign nobody in by themselves


def test_no_address_of_the_administration_takes_a_form_without_a_second_factor(db: None) -> None:
    """Sent straight to each, without a page before."""
    root = User.objects.create_superuser("root@example.com", PASSWORD)
    browser, tried = login_as(root), 0
    for path in list_admin_paths():
        sent = {"action": "delete_selected", "_selected_action": str(root.pk), "post": "yes"}
        answers = [browser.post(path, sent), browser.post(path, {**sent, "is_superuser": "on"})]
        assert {(each.status_code, each["Location"]) for each in answers} == {
            (302, "/accounts/second-factor/")
        }, path
        tried += 1
    assert tried > 5 * len(SITE)
    assert list(User.objects.values_list("email", flat=True)) == [root.email]


def list_admin_paths() -> list[str]:
    """Every address in the administration, with 1 for each argument."""
    paths = []
    for pattern in admin.site.urls[0]:
        below = pattern.url_patterns if hasattr(pattern, "url_patterns") else [None]
        if getattr(pattern, "name", "") in OPEN:
            continue
        for each in below:
            route = str(pattern.pattern) + (str(each.pattern) if each else "")
            paths.append("/admin/" + re.sub(r"<[^>]*>", "1", route).strip("^$"))
    return [path for path in paths if "(" not in path]


def test_the_second_factor_of_staff_can_be_left_to_the_teams(db: None, settings: Settings) -> None:
    settings.LOOPSWEB_STAFF_MFA = False

    assert (
        login_as(User.objects.create_superuser("root@example.com")).get("/admin/").status_code
        == 200
    )


def test_django_s_own_sign_in_and_password_pages_are_closed(alice: User, db: None) -> None:
    root, browser = create_root(), Client()
    root.set_password(PASSWORD)
    root.save()
    form = {"username": root.email, "password": PASSWORD}

    anonymous = browser.post("/admin/login/?next=/admin/keys/key/", form)
    member = login_as(alice).post("/admin/login/", form)
    changed = login_as(root).post("/admin/password_change/", {"old_password": PASSWORD})

    assert anonymous["Location"] == "/accounts/login/?next=/admin/keys/key/"
    assert "_auth_user_id" not in browser.session
    assert member.status_code == 403
    assert changed["Location"] == "/accounts/password/change/"
