"""Requests to end something that holds GPUs, and how far each has come."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Workspace


class State(models.TextChoices):
    WAITING = "waiting", "Waits for a second person"
    DUE = "due", "About to be sent"
    REQUESTED = "requested", "Sent, not answered yet"
    SUCCEEDED = "succeeded", "Accepted by the API"
    REFUSED = "refused", "Refused by the API"
    UNKNOWN = "unknown", "Outcome unknown"
    CONFIRMED = "confirmed", "Confirmed stopped"
    ENDED = "ended", "Ended without being stopped"
    LOST = "lost", "Not known to the API any more"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


NOT_SENT = (State.WAITING, State.DUE)
SENT = (State.REQUESTED, State.SUCCEEDED, State.UNKNOWN)
OPEN = (*NOT_SENT, *SENT)


class Batch(models.Model):
    """Several deactivations asked for at once, with one reason. Each goes its own way."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    noun = models.CharField(max_length=20)
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    left_out = models.JSONField(default=list, help_text="What was selected, not asked for, and why")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.person}, {self.requested_at:%Y-%m-%d %H:%M}"


class DeactivationQuerySet(models.QuerySet["Deactivation"]):
    def open_for(self, row: models.Model) -> Deactivation | None:
        """The one that is not settled yet, of a row that can be ended."""
        about = {"workspace_id": row.workspace_id, "target_remote_id": row.remote_id}  # type: ignore[attr-defined]
        return self.filter(**about, noun=type(row).__name__.lower(), state__in=OPEN).first()


class Deactivation(models.Model):
    """One request to end a `noun`. At most one is open: a second press finds it, calls nothing.

    `incident` ties it to its audit events. Until it is sent it waits for a second person or for
    `due_at`; from then on its outcome is asked for again at `ask_at`, whatever became of the
    process that made the request. `foreseen` is what the person was shown that it would end.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    target_remote_id = models.CharField(max_length=255)
    target_owner = models.CharField(max_length=255, blank=True)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.CASCADE, related_name="rows")
    incident = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    person = models.CharField(max_length=255)
    role = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    approver = models.CharField(max_length=255, blank=True)
    why_approval = models.TextField(blank=True)
    broke_glass = models.BooleanField(default=False)
    foreseen = models.JSONField(default=dict)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="Just before the API was called.")
    state_since = models.DateTimeField()
    ask_at = models.DateTimeField()
    answer = models.JSONField(null=True)

    objects = DeactivationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "noun", "target_remote_id"],
                condition=Q(state__in=OPEN),
                name="one_open_deactivation",
            )
        ]
        indexes = [
            models.Index(fields=["state", "ask_at"], name="deactivation_to_ask"),
            models.Index(fields=["workspace", "-requested_at"], name="deactivation_newest"),
        ]

    def __str__(self) -> str:
        return f"deactivation of {self.noun} {self.target_remote_id}: {self.state}"

    def get_absolute_url(self) -> str:
        return reverse("deactivations:detail", args=[self.workspace.slug, self.incident])

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_sent(self) -> bool:
        """Whether the API may have been called: then nothing takes it back."""
        return self.state not in NOT_SENT and self.state not in (
            State.DECLINED,
            State.WITHDRAWN,
            State.EXPIRED,
        )

    @property
    def about(self) -> dict[str, Any]:
        """What an event of its own says of its target."""
        return {
            "target_noun": self.noun,
            "target_id": self.target_remote_id,
            "target_owner": self.target_owner,
        }
