from __future__ import annotations

from django.db import models

from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.snapshot.facet_indexes import FACETS, index_facets
from loopsweb.resources.snapshot.largest_first import LargestFirst
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.ui.search import SearchTextField

VANISHED = models.Q(missing_since__isnull=False, gone_at=None)


class Deployment(GPUHolder):
    """The live training pair: trainer and paired sampler, holding GPUs. metrics_as_of: until when
    its metrics were read; worked_at: the last work in them, worked_sign what it was."""

    noun = "deployment"
    vocabulary = DEPLOYMENT

    active_run_remote_id = models.CharField(max_length=255, blank=True)
    latest_run_remote_id = models.CharField(max_length=255, blank=True)
    availability_model = models.CharField(max_length=255, blank=True)
    sampler_remote_id = models.CharField(max_length=255, blank=True)
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="When its own route first answered 404."
    )

    metrics_as_of = models.DateTimeField(null=True, editable=False)
    ask_metrics_at = models.DateTimeField(null=True, editable=False)
    worked_at = models.DateTimeField(null=True, editable=False)
    worked_sign = models.CharField(max_length=12, blank=True, editable=False)

    search_text = SearchTextField(
        of=(
            "remote_id",
            "base_model",
            "owner_email",
            "active_run_remote_id",
            "latest_run_remote_id",
            "instance_name",
        )
    )

    class Meta(GPUHolder.Meta):
        indexes = [
            *GPUHolder.Meta.indexes,
            LargestFirst("created_at", name="deployment_newest"),
            index_facets(*FACETS, name="deployment_facets"),
            models.Index(fields=["workspace", "active_run_remote_id"], name="deployment_of_run"),
            models.Index(fields=["workspace", "latest_run_remote_id"], name="deployment_of_latest"),
            models.Index(fields=["workspace", "sampler_remote_id"], name="deployment_of_sampler"),
            models.Index(fields=["workspace"], condition=VANISHED, name="deployment_vanished"),
        ]
