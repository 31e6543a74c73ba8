"""Requests to end something that holds GPUs, and what a team's policy demands of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Team, Workspace
from loopsweb.resources.deactivations.states import OPEN, State
from loopsweb.resources.deactivations.transitions import StatefulRequest
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.search import SearchTextField

MAX_APPROVAL_HOURS = 168
MAX_UNDO_SECONDS = 600


class Batch(models.Model):
    """Several deactivations requested at once, with one reason. Each goes its own way."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    noun = models.CharField(max_length=20)
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    left_out = models.JSONField(
        default=list, help_text="Selected but not requested, with the reason"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.person}, {self.requested_at:%Y-%m-%d %H:%M}"


class DeactivationQuerySet(models.QuerySet["Deactivation"]):
    def about(self, noun: str, remote_id: str, *, workspace: Workspace) -> DeactivationQuerySet:
        """Every request to end one thing, also where the snapshot no longer has it."""
        rows = self.filter(workspace=workspace, noun=noun, target_remote_id=remote_id)
        return rows.order_by("-pk")

    def list_open(self, *rows: Snapshot) -> OpenRequests:
        """The open requests to end any of these rows of one workspace."""
        found = self.filter(
            workspace__in={row.workspace_id for row in rows},
            target_remote_id__in={row.remote_id for row in rows},
            state__in=OPEN,
        )
        by_target = {
            (one.noun, one.target_remote_id): one for one in found.select_related("workspace")
        }
        return OpenRequests(by_target)

    def find_open(self, *rows: Snapshot) -> Deactivation | None:
        """The open request to end one of these rows of one workspace, the newest of several."""
        return self.list_open(*rows).find(*rows)


class OpenRequests(dict[tuple[str, str], "Deactivation"]):
    """{(noun, id) of a target: the request to end it}"""

    def find(self, *rows: Snapshot) -> Deactivation | None:
        """The newest that ends one of these rows."""
        found = [self[target] for row in rows if (target := (row.noun, row.remote_id)) in self]
        return max(found, key=lambda one: one.pk, default=None)


class Deactivation(StatefulRequest):
    """One request to end a `noun`. At most one is open for each target.

    `incident` ties it to its audit events. It waits for a second person until `expires_at`, or
    for the `awaited` checkpoints to sync until `sync_until`, or for `due_at`; once sent, the API is
    asked again at `ask_at` what became of it. `foreseen` is what the person was shown that it
    would end, `preflight` all that they were shown.
    """

    noun = models.CharField(max_length=20)
    target_remote_id = models.CharField(max_length=255)
    target_owner = models.CharField(max_length=255, blank=True)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.CASCADE, related_name="rows")
    person = models.CharField(max_length=255)
    role = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    approver = models.CharField(max_length=255, blank=True)
    why_approval = models.TextField(blank=True)
    broke_glass = models.BooleanField(default=False)
    foreseen = models.JSONField(default=dict)
    preflight = models.JSONField(default=dict)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    awaited = models.JSONField(default=list, help_text="Checkpoints that must have synced first.")
    sync_until = models.DateTimeField(null=True, help_text="If not by then, it expires.")
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True, help_text="Just before the API was called.")

    search_text = SearchTextField(
        of=("target_remote_id", "target_owner", "person", "approver", "reason")
    )

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
    def waits_until(self) -> datetime | None:
        """When it expires if nothing happens; None where that is in minutes."""
        return self.sync_until if self.state == State.SYNCING else self.expires_at

    @property
    def is_delayed(self) -> bool:
        """True if it is not sent at once, but after an approval, a time to undo, or in a batch."""
        return bool(self.due_at and (self.batch_id or self.due_at > self.requested_at))

    @property
    def audit_target(self) -> dict[str, Any]:
        """The fields of an audit event that name the target."""
        return {
            "target_noun": self.noun,
            "target_id": self.target_remote_id,
            "target_owner": self.target_owner,
        }


class Policy(models.Model):
    """A team's rules for deactivations. A team without a row has the defaults."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="deactivation_policy")
    reason_required = models.BooleanField("A reason is required", default=True)
    approve_protected = models.BooleanField(
        "Protected resources need a second person",
        default=True,
        help_text="If off, protected resources can only be deactivated in an emergency.",
    )
    approve_others = models.BooleanField(
        "Other people's resources need a second person",
        default=False,
        help_text="Also resources whose owner the API does not report.",
    )
    approval_hours = models.PositiveSmallIntegerField(
        "Hours until an unapproved request expires",
        default=24,
        validators=[
            MinValueValidator(1, "At least 1 hour."),
            MaxValueValidator(
                MAX_APPROVAL_HOURS, f"At most {MAX_APPROVAL_HOURS} hours, which is a week."
            ),
        ],
        help_text=f"1 to {MAX_APPROVAL_HOURS}.",
    )
    undo_seconds = models.PositiveSmallIntegerField(
        "Seconds in which a request can be withdrawn",
        default=0,
        validators=[MaxValueValidator(MAX_UNDO_SECONDS, f"At most {MAX_UNDO_SECONDS} seconds.")],
        help_text=f"0 to {MAX_UNDO_SECONDS}. Nothing is sent until this time passes. "
        "0 sends at once.",
    )

    def __str__(self) -> str:
        return f"policy of {self.team}"
