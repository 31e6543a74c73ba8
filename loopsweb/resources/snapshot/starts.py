"""What runs and samplers created here were asked to start from: the API does not say it later."""

from __future__ import annotations

from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI


class Start(models.Model):
    """A run or sampler, and the checkpoint that it was asked to start from."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=10)
    remote_id = models.CharField(max_length=255)
    from_run_id = models.CharField(max_length=255)
    target = models.CharField(max_length=10)
    name = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "noun", "remote_id"], name="one_start_of_each"
            )
        ]
        indexes = [models.Index(fields=["workspace", "from_run_id"], name="start_from_run")]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id} from {self.uri}"

    @property
    def uri(self) -> CheckpointURI:
        return CheckpointURI(self.from_run_id, self.target, self.name)


def record_start(workspace: Workspace, noun: str, remote_id: str, path: str) -> None:
    """path: a bt:// URI. Anything else is no checkpoint, and nothing is kept."""
    try:
        uri = CheckpointURI.parse(path)
    except ValueError:
        return
    Start.objects.update_or_create(
        workspace=workspace,
        noun=noun,
        remote_id=remote_id[:255],
        defaults={"from_run_id": uri.run_id[:255], "target": uri.target, "name": uri.name},
    )
