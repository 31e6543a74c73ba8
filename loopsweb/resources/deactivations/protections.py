"""Protections: marks on what one person alone should not end. The team's policy sets the rest.

One admin alone does not lift a protection either: another one does, or breaks the glass.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Unpack

from django.db import models, transaction

from loopsweb.accounts.models import Membership, Role, Workspace
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, Details, record_event
from loopsweb.resources.deactivations.targets import Target, describe_target
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.store import lock_workspace, touch_version

WHY_TWO = "Another admin has to agree to lift a protection."


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


class LiftRequest(models.Model):
    """An admin asked to lift a protection. Another one does so until `expires_at`.

    broke_glass: the admin lifted it alone, which the overview tells for some days.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=255)
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    incident = models.UUIDField(default=uuid.uuid4)
    broke_glass = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.person} asks to lift the protection of {self.noun} {self.remote_id}"


def get_place(row: Snapshot) -> dict[str, Any]:
    return {"workspace": row.workspace, "noun": row.noun, "remote_id": row.remote_id}


def find_protection(row: Snapshot) -> Protection | None:
    return Protection.objects.filter(**get_place(row)).first()


def find_protections(workspace: Workspace, rows: Collection[Snapshot]) -> list[Protection]:
    """Of any of these."""
    ids = {(row.noun, row.remote_id) for row in rows}
    found = Protection.objects.filter(workspace=workspace, remote_id__in=[one for _, one in ids])
    return [one for one in found if (one.noun, one.remote_id) in ids]


def add_mark(row: Snapshot, *, note: str, by: Actor, now: datetime) -> bool:
    """False if it has one already. In the caller's transaction."""
    lock_workspace(row.workspace)
    _, is_new = Protection.objects.get_or_create(
        **get_place(row), defaults={"person": by["person"], "reason": note, "since": now}
    )
    return is_new


def find_open_lift_requests(workspace: Workspace, *, now: datetime) -> models.QuerySet[LiftRequest]:
    """Those that have not expired, of people who are admins still."""
    admins = Membership.objects.filter(
        team=workspace.team, role=Role.ADMIN, user__is_active=True
    ).filter(user__email__iexact=models.OuterRef("person"))
    requests = LiftRequest.objects.filter(workspace=workspace, expires_at__gt=now)
    return requests.filter(models.Exists(admins))


def find_lift_request(target: Target, *, now: datetime) -> LiftRequest | None:
    return find_open_lift_requests(target.workspace, now=now).filter(**get_place(target)).first()


@transaction.atomic
def protect(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    """Mark it. Does nothing if it is already protected."""
    if add_mark(target, note=note, by=by, now=now):
        record_protection(target, "protect", reason=note, by=by, now=now)


@transaction.atomic
def lift(target: Target, *, note: str, by: Actor, now: datetime, valid_for: timedelta) -> bool:
    """Lift the protection if another admin asked for that; else ask for it. Returns whether it is
    lifted."""
    lock_workspace(target.workspace)
    protection = find_protection(target)
    if protection is None:
        return True
    request = find_lift_request(target, now=now)
    if request is None:
        request = LiftRequest.objects.create(
            **get_place(target),
            person=by["person"],
            reason=note,
            requested_at=now,
            expires_at=now + valid_for,
        )
        outcome = Outcome.REQUESTED
    elif request.person.lower() == by["person"].lower():
        return False
    else:
        request.delete()
        protection.delete()
        outcome = Outcome.SUCCEEDED
    record_protection(
        target,
        "unprotect",
        outcome=outcome,
        incident=request.incident,
        reason=note,
        by=by,
        now=now,
    )
    return outcome == Outcome.SUCCEEDED


@transaction.atomic
def lift_alone(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    """Break the glass."""
    lock_workspace(target.workspace)
    protection = find_protection(target)
    if protection is None:
        return
    protection.delete()
    LiftRequest.objects.filter(**get_place(target), broke_glass=False).delete()
    LiftRequest.objects.create(
        **get_place(target),
        person=by["person"],
        reason=note,
        requested_at=now,
        expires_at=now,
        broke_glass=True,
    )
    for verb, answer in (
        ("break_glass", {"passed_over": WHY_TWO}),
        ("unprotect", {"broke_glass": True}),
    ):
        record_protection(target, verb, reason=note, answer=answer, by=by, now=now)


def record_protection(
    target: Target,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    outcome: str = Outcome.SUCCEEDED,
    incident: uuid.UUID | None = None,
    **details: Unpack[Details],
) -> None:
    touch_version(target.workspace)
    record_event(
        **by,
        **describe_target(target),
        **details,
        action=f"{target.noun}.{verb}",
        outcome=outcome,
        incident=incident,
        now=now,
    )
