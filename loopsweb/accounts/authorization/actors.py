from __future__ import annotations

from django.http import HttpRequest

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.record import Actor, actor_of_request


def actor_in_workspace(request: HttpRequest, workspace: Workspace, *, person: User) -> Actor:
    """The audit actor of `person` for a workspace that is not in the URL. The role is "" if they
    are not a member of its team."""
    membership = Membership.objects.filter(team__workspaces=workspace, user=person).first()
    role = membership.role if membership else ""
    actor = actor_of_request(request, workspace=workspace.slug, role=role)
    return {**actor, "person": person.email}
