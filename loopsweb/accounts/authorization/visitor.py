"""What the frame of a workspace's page shows of the person who opens it."""

from __future__ import annotations

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.own_workspaces import list_own_workspaces


def describe_visitor(request: WorkspaceRequest) -> tuple[object, ...] | None:
    """All that the variables of context_processors.py depend on, beside the page's address. None
    where the page shows again what was typed."""
    if find_kept_text(request):
        return None
    person, workspace = request.user, request.workspace
    who = (person.pk, person.email, person.get_short_name(), person.is_staff, request.role)
    others = [(each.slug, each.name) for each in list_own_workspaces(request)]
    return (*who, workspace.pk, workspace.name, *others)
