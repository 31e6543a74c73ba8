"""alice is admin, otto operator and vic viewer of acme; mallory has her own workspace."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client

from loopsweb.accounts.auth.mfa import MFAAdapter
from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.models import Key


def create_founder(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", name=name.capitalize())


def create_member(workspace: Workspace, *, name: str, role: Role) -> User:
    person = User.objects.create_user(f"{name}@example.com", name=name.capitalize())
    Membership.objects.create(team=workspace.team, user=person, role=role)
    return person


def add_key(
    person: User, *, workspace: Workspace, secret: str, now: datetime, shared: bool = False
) -> Key:
    role = workspace.team.memberships.get(user=person).role
    return actions.add(
        workspace=workspace,
        owner=person,
        name=f"{person.name}'s key",
        secret=secret,
        api_url=settings.LOOPSWEB_API_URLS[0],
        shared=shared,
        by=Actor(
            workspace=workspace.slug, person=person.email, role=role, address="", request_id=""
        ),
        now=now,
    )


def create_root() -> User:
    """A superuser with a second factor, without which /admin/ does not open."""
    root = User.objects.create_superuser("root@example.com")
    add_totp(root)
    return root


def make_staff(person: User, *codenames: str) -> User:
    """codenames: of the Django permissions to give. Adds a second factor too."""
    User.objects.filter(pk=person.pk).update(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    add_totp(person)
    return User.objects.get(pk=person.pk)


def add_totp(person: User) -> None:
    data = {"secret": MFAAdapter().encrypt("JBSWY3DPEHPK3PXP")}
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data=data)


def login_as(person: User, **options: Any) -> Client:
    """Return a test client in which `person` has just signed in."""
    client = Client(**options)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client
