from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from tests.personas import create_root, login_as, make_staff


@pytest.fixture
def root(db: None) -> User:
    return create_root()


@pytest.mark.parametrize("button", ["one", "selected"])
def test_staff_cannot_remove_mfa_of_a_superuser(button: str, root: User, otto: User) -> None:
    factor = Authenticator.objects.get(user=root)
    path = "/admin/mfa/authenticator/"
    selected = {"action": "delete_selected", "_selected_action": factor.pk, "post": "yes"}
    path, form = (f"{path}{factor.pk}/delete/", {"post": "yes"})

    login_as(make_staff(otto, "delete_authenticator", "view_authenticator")).post(
        *((path, form) if button == "one" else (path, selected))
    )

    assert Authenticator.objects.get(user=root) == factor


def test_mfa_can_be_removed_but_not_read(root: User, otto: User, acme: Workspace) -> None:
    factor = Authenticator.objects.create(user=otto, type="totp", data={"secret": "v1:sealed"})
    browser = login_as(root)
    path = f"/admin/mfa/authenticator/{factor.pk}"

    assert "sealed" not in browser.get(f"{path}/change/").content.decode()
    assert browser.get("/admin/mfa/authenticator/add/").status_code == 403
    browser.post(f"{path}/delete/", {"post": "yes"})
    assert not Authenticator.objects.filter(user=otto).exists()
    assert list_events() == [
        (slug, "second_factor.remove", otto.email, {"second_factor": "TOTP Authenticator"})
        for slug in ("acme", "otto")
    ]


def test_an_identity_can_be_removed(root: User, otto: User, acme: Workspace) -> None:
    identity = SocialAccount.objects.create(user=otto, provider="oidc", uid="o1")
    browser = login_as(root)
    path = f"/admin/socialaccount/socialaccount/{identity.pk}"

    assert browser.get(f"{path}/change/").context["adminform"].form.fields == {}
    browser.post(f"{path}/delete/", {"post": "yes"})

    assert SocialAccount.objects.count() == 0
    assert list_events() == [
        (slug, "identity.remove", otto.email, {"identity": "oidc"}) for slug in ("acme", "otto")
    ]


def list_events() -> list[tuple[str, str, str, Any]]:
    """Also asserts that root did everything."""
    events = Event.objects.order_by("pk")
    assert {(each.person, each.role) for each in events} == {("root@example.com", "staff")}
    return [(each.workspace, each.action, each.target_owner, each.answer) for each in events]


def test_removing_selected_mfa_is_recorded(root: User, otto: User) -> None:
    factor = Authenticator.objects.create(user=otto, type="totp", data={"secret": "v1:sealed"})
    chosen = {"action": "delete_selected", "_selected_action": str(factor.pk), "post": "yes"}

    login_as(root).post("/admin/mfa/authenticator/", chosen)

    assert not Authenticator.objects.filter(user=otto).exists()
    assert [(slug, action) for slug, action, *_ in list_events()] == [
        ("acme", "second_factor.remove"),
        ("otto", "second_factor.remove"),
    ]
