"""Snoozes: what needs attention and is hidden for a while, by whom, until when and why."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import models, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


class Snooze(models.Model):
    """`things` are in a state each: in another one they need attention again."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    things = models.JSONField()
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["workspace", "until"], name="snoozed_until")]

    def __str__(self) -> str:
        return f"{len(self.things)} snoozed by {self.person} until {self.until}"


def find_snoozes(workspace: Workspace, *, now: datetime) -> models.QuerySet[Snooze]:
    """Those that have not ended, the newest last."""
    return Snooze.objects.filter(workspace=workspace, until__gt=now).order_by("since", "pk")


@transaction.atomic
def snooze(
    workspace: Workspace,
    things: Sequence[str],
    *,
    reason: str,
    until: datetime,
    by: Actor,
    now: datetime,
) -> None:
    lock_workspace(workspace)
    made = Snooze.objects.create(
        workspace=workspace,
        things=list(things),
        person=by["person"],
        reason=reason,
        since=now,
        until=until,
    )
    record(made, "attention.snooze", reason=reason, by=by, now=now)


@transaction.atomic
def end_snooze(workspace: Workspace, uid: uuid.UUID, *, by: Actor, now: datetime) -> bool:
    """Returns False if it has ended already."""
    lock_workspace(workspace)
    ending = find_snoozes(workspace, now=now).filter(uid=uid).first()
    if ending is None:
        return False
    record(ending, "attention.unsnooze", reason="", by=by, now=now)
    ending.delete()
    return True


def record(one: Snooze, action: str, *, reason: str, by: Actor, now: datetime) -> None:
    touch_version(one.workspace)
    record_event(
        **by,
        action=action,
        outcome=Outcome.SUCCEEDED,
        incident=one.uid,
        target_name=one.things[0] if len(one.things) == 1 else f"{len(one.things)} things",
        reason=reason,
        answer={"things": one.things, "until": one.until.isoformat()},
        now=now,
    )
