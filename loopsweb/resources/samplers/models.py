from __future__ import annotations

from django.db import models

from loopsweb.resources.snapshot.models import Snapshot

TERMINAL = frozenset({"INACTIVE", "FAILED", "BUILD_FAILED", "BUILD_STOPPED", "DEPLOY_FAILED"})
HOLDS_NOTHING = TERMINAL | {"SCALED_TO_ZERO"}


class Sampler(Snapshot):
    """`run_remote_id` is the run that says it is paired with it; "" is standalone or unknown."""

    base_url = models.TextField(blank=True)
    base_model = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(null=True)
    model_id = models.CharField(max_length=255, blank=True)
    deployment_remote_id = models.CharField(max_length=255, blank=True)
    status = models.CharField(max_length=255, blank=True)
    owner_email = models.CharField(max_length=255, blank=True)
    instance_id = models.CharField(max_length=255, blank=True)
    instance_name = models.CharField(max_length=255, blank=True)
    gpu_type = models.CharField(max_length=255, blank=True)
    gpu_count = models.IntegerField(null=True)
    node_count = models.IntegerField(null=True)
    run_remote_id = models.CharField(max_length=255, blank=True)
    session_remote_id = models.CharField(max_length=255, blank=True)

    class Meta(Snapshot.Meta):
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="sampler_newest"),
            models.Index(fields=["workspace", "run_remote_id"], name="sampler_of_run"),
            models.Index(fields=["workspace", "session_remote_id"], name="sampler_of_session"),
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
