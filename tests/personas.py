"""alice is admin, otto operator, vic viewer of acme's team; mallory has a workspace of her own."""

from __future__ import annotations

import time
from datetime import datetime

from django.conf import settings
from django.test import Client

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions
from loopsweb.keys.models import Key


def founded_by(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", name=name.capitalize())


def joins(workspace: Workspace, *, name: str, role: Role) -> User:
    person = User.objects.create_user(f"{name}@example.com", name=name.capitalize())
    Membership.objects.create(team=workspace.team, user=person, role=role)
    return person


def adds_key(
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


def client_of(person: User) -> Client:
    """A browser in which that person has just signed in."""
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client
