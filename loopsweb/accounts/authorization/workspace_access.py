"""Who asks, for which workspace, in which role: one statement for every page of a workspace."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from loopsweb.accounts.models import Membership, Team, User, Workspace
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows


class WorkspaceAccess(NamedTuple):
    person: User
    workspace: Workspace
    role: str


PERSON = Columns(
    User, "id password email name is_active is_staff is_superuser preferences", prefix="user__"
)
TEAM = Columns(Team, prefix="team__")
WORKSPACE = Columns(Workspace, prefix="team__workspaces__")


@PlannedQuery
def select_access() -> QuerySet[Membership, tuple[object, ...]]:
    memberships = Membership.objects.filter(
        user_id=Parameter("person"), team__workspaces__slug=Parameter("slug")
    )
    return memberships.order_by().values_list("role", *PERSON.paths, *TEAM.paths, *WORKSPACE.paths)


def find_access(session: SessionBase, slug: str) -> WorkspaceAccess | None:
    """None for people outside the workspace's team, and for sessions that Django has to judge:
    those of nobody, of deactivated people, from before a change of password."""
    person_id = session.get(SESSION_KEY, "")
    if not person_id or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    person_pk = User._meta.pk.to_python(person_id)
    for role, *values in select_access.fetch(person=person_pk, slug=slug):
        person, team, workspace = build_rows(values, PERSON, TEAM, WORKSPACE)
        workspace.team = team
        hashed = person.get_session_auth_hash()
        if person.is_active and constant_time_compare(session.get(HASH_SESSION_KEY, ""), hashed):
            return WorkspaceAccess(person, workspace, role)
    return None
