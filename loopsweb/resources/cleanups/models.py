"""Requests to delete checkpoints, or to let them expire: one row a checkpoint, with its outcome."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Workspace
from loopsweb.audit.chain.anonymize import anonymize
from loopsweb.audit.chain.format import make_storable
from loopsweb.audit.models import Outcome
from loopsweb.resources.cleanups.plan import Rules
from loopsweb.ui.statuses import Status, Vocabulary


class State(models.TextChoices):
    DUE = "due", "Waiting to be sent"
    SENT = "sent", "Sent, no answer yet"
    UNKNOWN = "unknown", "Outcome unknown"
    DONE = "done", "Done"
    REFUSED = "refused", "Not done"
    LOST = "lost", "No longer known"
    WITHDRAWN = "withdrawn", "Not sent"


FOLLOWS = {
    State.SENT: (State.DUE,),
    State.UNKNOWN: (State.SENT,),
    State.DONE: (State.SENT, State.UNKNOWN),
    State.REFUSED: (State.SENT, State.UNKNOWN),
    State.LOST: (State.UNKNOWN,),
    State.WITHDRAWN: (State.DUE,),
}
OPEN = (State.DUE, State.SENT, State.UNKNOWN)
OUTCOMES = {
    State.UNKNOWN: Outcome.UNKNOWN,
    State.DONE: Outcome.SUCCEEDED,
    State.REFUSED: Outcome.REFUSED,
    State.LOST: Outcome.UNKNOWN,
    State.WITHDRAWN: Outcome.WITHDRAWN,
}
REMOVAL = Vocabulary(
    "cleanups",
    Status(State.DUE, "busy", "Nothing has been sent for it.", label=State.DUE.label),
    Status(State.SENT, "busy", "The API has not answered yet.", label=State.SENT.label),
    Status(
        State.UNKNOWN,
        "warn",
        "The API's answer was lost. loopsweb asks what became of it, and sends nothing again.",
        label=State.UNKNOWN.label,
    ),
    Status(State.DONE, "good", "The API did it.", label=State.DONE.label),
    Status(State.REFUSED, "bad", "It did not take effect.", label=State.REFUSED.label),
    Status(
        State.LOST,
        "unknown",
        "What became of it could not be determined. It may have been done.",
        label=State.LOST.label,
    ),
    Status(State.WITHDRAWN, "idle", "It was withdrawn.", label=State.WITHDRAWN.label),
)


class Cleanup(models.Model):
    """days: after which they expire, None to delete them. rules: see plan.Rules."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.CharField(max_length=255)
    role = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    days = models.PositiveIntegerField(null=True)
    rules = models.JSONField()
    requested_at = models.DateTimeField()
    left_out = models.JSONField(default=list, help_text="Seen but not requested, with the reason.")

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["workspace", "-requested_at"], name="cleanup_newest")]

    def __str__(self) -> str:
        return f"{self.person}, {self.requested_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("cleanups:detail", args=[self.workspace.slug, self.uid])

    @property
    def is_deletion(self) -> bool:
        return self.days is None

    @property
    def action(self) -> str:
        return "checkpoint.delete" if self.is_deletion else "checkpoint.set_expiry"

    @property
    def method(self) -> str:
        """Of the client."""
        return "delete_checkpoint" if self.is_deletion else "set_checkpoint_ttl"

    @property
    def ttl_seconds(self) -> int | None:
        return None if self.days is None else self.days * 86_400

    def describe(self) -> dict[str, Any]:
        """What the trail has of it: for how long, by which rules. It names nobody."""
        asked = {} if self.is_deletion else {"ttl_seconds": self.ttl_seconds}
        described = {"asked": asked, "cleanup": str(self.uid), "rules": self.rules}
        named_nobody: dict[str, Any] = anonymize(make_storable(described))
        return named_nobody

    def load_rules(self) -> Rules:
        return Rules(**self.rules)


class Removal(models.Model):
    """One checkpoint of a clean-up. Only `transitions` writes its state. ask_at: when the worker
    looks again, None once it need not."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    cleanup = models.ForeignKey(Cleanup, on_delete=models.CASCADE, related_name="rows")
    incident = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    remote_id = models.CharField(max_length=255)
    run_remote_id = models.CharField(max_length=255)
    uri = models.TextField(blank=True)
    size_bytes = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DUE)
    state_since = models.DateTimeField()
    ask_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="Just before the API was called.")
    answer = models.JSONField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "remote_id"],
                condition=Q(state__in=OPEN),
                name="one_open_removal",
            )
        ]
        indexes = [
            models.Index(fields=["state", "ask_at"], name="removal_to_ask"),
            models.Index(fields=["cleanup", "state"], name="removal_of_cleanup"),
            models.Index(fields=["workspace", "remote_id"], name="removal_of_checkpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.remote_id}: {self.state}"

    @property
    def name(self) -> str:
        """Of the checkpoint in its run, such as "step-900"."""
        return self.uri.rpartition("/")[2]

    @property
    def audit_target(self) -> dict[str, Any]:
        return {
            "target_noun": "checkpoint",
            "target_id": self.remote_id,
            "target_name": self.uri,
        }
