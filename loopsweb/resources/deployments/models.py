from __future__ import annotations

from django.db import models

from loopsweb.resources.snapshot.models import Snapshot

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
