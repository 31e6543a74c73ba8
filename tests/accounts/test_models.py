from __future__ import annotations

from datetime import datetime

from loopsweb.accounts.models import (
    Role,
    User,
    Workspace,
    set_up_team,
)
from loopsweb.audit.record import record_event


def test_new_users_get_a_team_and_a_workspace(mallory: User) -> None:
    membership = mallory.memberships.get()

    assert membership.role == Role.ADMIN
    assert [workspace.slug for workspace in membership.team.workspaces.all()] == ["mallory"]


def test_slugs_with_audit_events_are_not_reused(alice: User, mallory: User, now: datetime) -> None:
    first = set_up_team(name="Gone", founder=alice).workspaces.get()
    record_event(workspace=first.slug, action="key.add", outcome="succeeded", now=now)
    Workspace.objects.filter(pk=first.pk).delete()
    second = set_up_team(name="Gone", founder=mallory).workspaces.get()
    assert (first.slug, second.slug == first.slug) == ("gone", False)
