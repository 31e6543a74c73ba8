from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.checkpoints.statuses import SYNC
from loopsweb.resources.snapshot.facet_indexes import index_facets
from loopsweb.resources.snapshot.largest_first import LargestFirst
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.ui.search import SearchTextField

FACETS = ("base_model", "target", "sync_status")


class Checkpoint(Snapshot):
    """`remote_id` is the API's global `id`; `name` is what the API calls `checkpoint_id`.

    A name is unique per run and target: step-100 commonly stands twice, as trainer and as sampler
    weights.
    """

    noun = "checkpoint"
    vocabulary = SYNC
    status_field = "sync_status"
    facet_fields = FACETS

    run_remote_id = models.CharField(max_length=255, blank=True)
    target = models.CharField(max_length=255, blank=True)
    name = models.TextField(blank=True)
    created_at = models.DateTimeField(null=True)
    checkpoint_type = models.CharField(max_length=255, blank=True)
    base_model = models.CharField(max_length=255, blank=True)
    size_bytes = models.BigIntegerField(null=True)
    sync_status = models.CharField(max_length=255, blank=True)
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="When it was deleted from here.")
    step = models.BigIntegerField(null=True, help_text="The training step, from its name.")

    search_text = SearchTextField(of=("remote_id", "name", "run_remote_id", "base_model"))

    class Meta(Snapshot.Meta):
        indexes = [
            LargestFirst("created_at", name="checkpoint_newest"),
            models.Index(
                fields=[
                    "workspace",
                    "run_remote_id",
                    "missing_since",
                    "size_bytes",
                    "created_at",
                    "base_model",
                ],
                name="checkpoint_of_run",
            ),
            index_facets(*FACETS, name="checkpoint_facets"),
            models.Index(
                fields=["workspace", "sync_status", "created_at"], name="checkpoint_syncing"
            ),
        ]

    @property
    def uri(self) -> str:
        """The `bt://` URI, or "" while run, target or name is unknown or cannot stand in one."""
        try:
            return str(CheckpointURI(self.run_remote_id, self.target, self.name))
        except ValueError:
            return ""

    @property
    def is_loadable(self) -> bool:
        """False if the API says so, by a null in place of the LoRA's configuration."""
        return self.raw.get("lora_config", "") is not None

    @property
    def lora_adapter_config(self) -> Any:
        """The adapter's settings, None where the API sent none."""
        return self.raw.get("lora_adapter_config")


@dataclass(frozen=True)
class RunCheckpoints:
    """What is known of the checkpoints of one run. newest: its newest trainer checkpoint that does
    not sync. saved: how many stay when it ends; resumable: how many of them can resume training,
    sampling: how many hold weights to sample from. syncing: those that may be lost. unknown: of how
    many the API does not say which. unlisted: how many more there were that the last answer did
    not list."""

    newest: Checkpoint | None = None
    saved: int = 0
    resumable: int = 0
    sampling: int = 0
    syncing: list[Checkpoint] = field(default_factory=list)
    unknown: int = 0
    unlisted: int = 0

    @property
    def untold(self) -> int:
        """How many are saved of which the API does not say for what."""
        return self.saved - self.resumable - self.sampling


NONE_KNOWN = RunCheckpoints()


def summarize_checkpoints(newest_first: Sequence[Checkpoint]) -> RunCheckpoints:
    """newest_first: all of one run."""
    listed = [one for one in newest_first if one.missing_since is None]
    syncing = [one for one in listed if one.sync_status == "SYNCING"]
    settled = [one for one in listed if one.sync_status != "SYNCING"]
    unknown = sum(not one.sync_status for one in settled)
    return RunCheckpoints(
        newest=next((one for one in settled if one.target == "trainer"), None),
        saved=len(settled) - unknown,
        resumable=sum(one.target == "trainer" for one in settled if one.sync_status),
        sampling=sum(one.target == "sampler" for one in settled if one.sync_status),
        syncing=syncing,
        unknown=unknown,
        unlisted=len(newest_first) - len(listed),
    )


def summarize_runs(workspace: Workspace, run_ids: Collection[str]) -> dict[str, RunCheckpoints]:
    """{run id: what is known of its checkpoints}, in one query. A run without any is not in it."""
    of_run = defaultdict[str, list[Checkpoint]](list)
    rows = Checkpoint.objects.in_workspace(workspace).filter(run_remote_id__in=run_ids)
    for row in rows.defer("raw").newest_first():
        of_run[row.run_remote_id].append(row)
    return {run_id: summarize_checkpoints(found) for run_id, found in of_run.items()}


class CheckpointFeed(models.Model):
    """The last answer to one checkpoint query: see poll_plan.py and feeds.py."""

    state = models.ForeignKey(PollState, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=10)
    value = models.CharField(max_length=255)
    as_of = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    failing_since = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state", "by", "value"], name="one_feed_per_question")
        ]

    def __str__(self) -> str:
        return f"checkpoints by {self.by} {self.value}"
