"""The people, team and API key that the demo starts with."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from loopsweb.accounts.models import Membership, Role, User, Workspace, set_up_team
from loopsweb.audit.record import system_actor
from loopsweb.keys import actions as keys

PASSWORD = "demo"  # noqa: S105
API_KEY = "demo-org-key"
ADMIN, OPERATOR, VIEWER = (f"{role}@example.com" for role in (Role.ADMIN, "operator", "viewer"))


def create_people() -> Workspace:
    """Create the team `demo` with three people, and return its workspace."""
    admin = User.objects.create_user(
        ADMIN, PASSWORD, name="Nadia Novak", is_staff=True, is_superuser=True
    )
    operator = User.objects.create_user(OPERATOR, PASSWORD, name="Olga Okafor")
    viewer = User.objects.create_user(VIEWER, PASSWORD, name="Victor Vance")
    team = set_up_team(name="Demo", founder=admin)
    Membership.objects.create(team=team, user=operator, role=Role.OPERATOR)
    Membership.objects.create(team=team, user=viewer, role=Role.VIEWER)
    return team.workspaces.get()


def add_key(workspace: Workspace, *, now: datetime) -> None:
    """Add the organisation's key and share it with the team. The API must be up."""
    admin = User.objects.get(email=ADMIN)
    keys.add(
        workspace=workspace,
        owner=admin,
        name="Organisation key",
        secret=API_KEY,
        api_url=settings.LOOPSWEB_API_URLS[0],
        shared=True,
        by={**system_actor(workspace.slug), "person": ADMIN, "role": Role.ADMIN},
        now=now,
    )
