from __future__ import annotations

from typing import Any

import pytest

from loopsweb.accounts.auth.oidc_roles import RoleMapping, parse_role_mappings
from loopsweb.accounts.models import Membership, Role, User, Workspace
from tests.accounts.auth.oidc_provider import EVE, Provider, sign_in


def list_roles(acme: Workspace) -> dict[str, str]:
    return dict(acme.team.memberships.values_list("user__email", "role"))


def signed_in_email(answer: Any) -> str:
    person = User.objects.filter(pk=answer.client.session.get("_auth_user_id")).first()
    return person.email if person else ""


def test_the_strongest_group_counts_at_each_sign_in(
    provider: Provider, acme: Workspace, alice: User
) -> None:
    for groups, role in (
        (["ml", "leads"], "admin"),
        (["ml"], "operator"),
        ("leads", "admin"),
        ([], None),
    ):
        answer = sign_in(provider, EVE | {"groups": groups})

        assert signed_in_email(answer) == "eve@example.com"
        assert list_roles(acme).get("eve@example.com") == role


def test_teams_without_mappings_are_left_alone(provider: Provider, mallory: User) -> None:
    sign_in(provider, EVE | {"email": mallory.email})

    assert [each.role for each in Membership.objects.filter(user=mallory)] == ["admin"]


def test_the_last_admin_stays(provider: Provider, acme: Workspace, alice: User) -> None:
    sign_in(provider, EVE | {"email": alice.email, "groups": []})

    assert list_roles(acme) == {alice.email: "admin"}


def test_mappings_are_parsed() -> None:
    assert parse_role_mappings(["a=b=acme:admin", "ml=x:viewer"]) == [
        RoleMapping("a=b", "acme", Role.ADMIN),
        RoleMapping("ml", "x", Role.VIEWER),
    ]


@pytest.mark.parametrize("entry", ["ml", "ml=acme", "ml=acme:emperor", "=acme:admin", "ml=:admin"])
def test_invalid_mappings_raise(entry: str) -> None:
    with pytest.raises(ValueError, match="is not `group=workspace:role`"):
        parse_role_mappings([entry])
