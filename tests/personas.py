"""alice is admin, otto operator, vic viewer of acme's team; mallory has a workspace of her own."""

from __future__ import annotations

from django.test import Client

from loopsweb.accounts.models import Membership, Role, User, Workspace


def founded_by(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", name=name.capitalize())


def joins(workspace: Workspace, *, name: str, role: Role) -> User:
    person = User.objects.create_user(f"{name}@example.com", name=name.capitalize())
    Membership.objects.create(team=workspace.team, user=person, role=role)
    return person


def client_of(person: User) -> Client:
    """A browser in which that person has signed in."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client
