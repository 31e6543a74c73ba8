from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.snapshot import Snapshot

TERMINAL = frozenset({"FAILED", "STOPPED", "PREEMPTED"})
HOLDS_NOTHING = TERMINAL | {"SCALED_TO_ZERO"}


class Deployment(Snapshot):
    """The live training pair: trainer and paired sampler, holding GPUs."""

    base_model = models.CharField(max_length=255, blank=True)
    base_url = models.TextField(blank=True)
    status = models.CharField(max_length=255, blank=True)
    active_run_remote_id = models.CharField(max_length=255, blank=True)
    latest_run_remote_id = models.CharField(max_length=255, blank=True)
    owner_email = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(null=True)
    availability_model = models.CharField(max_length=255, blank=True)
    instance_id = models.CharField(max_length=255, blank=True)
    instance_name = models.CharField(max_length=255, blank=True)
    gpu_type = models.CharField(max_length=255, blank=True)
    gpu_count = models.IntegerField(null=True)
    node_count = models.IntegerField(null=True)
    sampler_remote_id = models.CharField(max_length=255, blank=True)
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When its own route first answered 404."
    )

    class Meta(Snapshot.Meta):
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="deployment_newest"),
            models.Index(fields=["workspace", "status"], name="deployment_by_status"),
        ]

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def gpus_held(self) -> int | None:
        """GPUs held now; None where status or instance type is unknown."""
        if self.status in HOLDS_NOTHING:
            return 0
        if self.gpu_count is None or not self.status:
            return None
        return self.gpu_count * (1 if self.node_count is None else self.node_count)


class State(models.TextChoices):
    REQUESTED = "requested", "Requested"
    SUCCEEDED = "succeeded", "Accepted by the API"
    REFUSED = "refused", "Refused by the API"
    UNKNOWN = "unknown", "Outcome unknown"
    CONFIRMED = "confirmed", "Confirmed stopped"
    ENDED = "ended", "Ended without being stopped"


OPEN = (State.REQUESTED, State.SUCCEEDED, State.UNKNOWN)


class Deactivation(models.Model):
    """One request to end a deployment. At most one is open: a second press finds it, calls nothing.

    `incident` ties it to its audit events. While it is open its outcome is asked for again at
    `ask_at`, whatever became of the process that made the request.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    deployment_remote_id = models.CharField(max_length=255)
    incident = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.REQUESTED)
    person = models.CharField(max_length=255)
    role = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    requested_at = models.DateTimeField()
    state_since = models.DateTimeField()
    ask_at = models.DateTimeField()
    answer = models.JSONField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "deployment_remote_id"],
                condition=Q(state__in=OPEN),
                name="one_open_deactivation",
            )
        ]
        indexes = [models.Index(fields=["state", "ask_at"], name="deactivation_to_ask")]

    def __str__(self) -> str:
        return f"deactivation of {self.deployment_remote_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN
