from __future__ import annotations

from datetime import datetime

from loopsweb.accounts.models import User, Workspace, found_team
from loopsweb.audit.record import record


def test_a_name_under_which_a_trail_stands_is_not_given_again(
    alice: User, mallory: User, now: datetime
) -> None:
    first = found_team(name="Gone", founder=alice).workspaces.get()
    record(workspace=first.slug, action="key.add", outcome="succeeded", now=now)
    Workspace.objects.filter(pk=first.pk).delete()
    second = found_team(name="Gone", founder=mallory).workspaces.get()
    assert (first.slug, second.slug == first.slug) == ("gone", False)
