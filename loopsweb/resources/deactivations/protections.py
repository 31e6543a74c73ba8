"""Protections: marks on what one person alone should not end. The team's policy sets the rest."""

from __future__ import annotations

from datetime import datetime

from django.db import models, transaction

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record_event
from loopsweb.resources.deactivations.targets import Target, describe_target
from loopsweb.resources.snapshot.store import lock_workspace, touch_version


class Protection(models.Model):
    """A mark on one resource: one person alone does not end it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=255)
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "noun", "remote_id"], name="protected_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id}"


@transaction.atomic
def protect(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    """Mark it. Does nothing if it is already protected."""
    lock_workspace(target.workspace)
    _, is_new = Protection.objects.get_or_create(
        workspace=target.workspace,
        noun=target.noun,
        remote_id=target.remote_id,
        defaults={"person": by["person"], "reason": note, "since": now},
    )
    if is_new:
        record_protection(target, "protect", note=note, by=by, now=now)


@transaction.atomic
def unprotect(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    lock_workspace(target.workspace)
    deleted, _ = Protection.objects.filter(
        workspace=target.workspace, noun=target.noun, remote_id=target.remote_id
    ).delete()
    if deleted:
        record_protection(target, "unprotect", note=note, by=by, now=now)


def record_protection(target: Target, verb: str, *, note: str, by: Actor, now: datetime) -> None:
    touch_version(target.workspace)
    record_event(
        **by,
        **describe_target(target),
        action=f"{target.noun}.{verb}",
        outcome=Outcome.SUCCEEDED,
        reason=note,
        now=now,
    )
