from __future__ import annotations

from django.db import models

from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.facet_indexes import FACETS, index_facets
from loopsweb.resources.snapshot.largest_first import LargestFirst
from loopsweb.resources.snapshot.models import GPUHolder
from loopsweb.ui.search import SearchTextField


class Sampler(GPUHolder):
    """`run_remote_id` is the run that says it is paired with it; "" is standalone or unknown."""

    noun = "sampler"
    vocabulary = SAMPLER

    model_id = models.CharField(max_length=255, blank=True)
    deployment_remote_id = models.CharField(max_length=255, blank=True)
    run_remote_id = models.CharField(max_length=255, blank=True)
    session_remote_id = models.CharField(max_length=255, blank=True)

    search_text = SearchTextField(
        of=("remote_id", "base_model", "run_remote_id", "session_remote_id", "owner_email")
    )

    @property
    def is_serverless(self) -> bool:
        """True if the API said null for its model or its deployment: it is billed per token."""
        return None in (self.raw.get("model_id", ""), self.raw.get("deployment_id", ""))

    class Meta(GPUHolder.Meta):
        indexes = [
            *GPUHolder.Meta.indexes,
            index_facets(*FACETS, name="sampler_facets"),
            LargestFirst("created_at", name="sampler_newest"),
            models.Index(fields=["workspace", "run_remote_id"], name="sampler_of_run"),
            models.Index(fields=["workspace", "session_remote_id"], name="sampler_of_session"),
            models.Index(
                fields=["workspace", "deployment_remote_id"], name="sampler_of_deployment"
            ),
        ]
