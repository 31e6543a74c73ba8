from __future__ import annotations

from django.db import models

from loopsweb.resources.runs.statuses import RUN
from loopsweb.resources.snapshot.facet_indexes import FACETS, index_facets
from loopsweb.resources.snapshot.largest_first import LargestFirst
from loopsweb.resources.snapshot.models import Costed
from loopsweb.ui.search import SearchTextField

WITHOUT_DETAILS = models.Q(detailed_at=None, missing_since=None)


class Run(Costed):
    """A training run in a deployment; the API calls its server side a trainer."""

    noun = "run"
    vocabulary = RUN

    session_remote_id = models.CharField(max_length=255, blank=True)
    base_model = models.CharField(max_length=255, blank=True)
    base_url = models.TextField(blank=True)
    name = models.TextField(blank=True)
    created_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=255, blank=True)
    owner_email = models.CharField(max_length=255, blank=True)
    deployment_remote_id = models.CharField(max_length=255, blank=True)
    is_serverless = models.BooleanField(default=False)
    sampler_remote_id = models.CharField(max_length=255, blank=True)
    detailed_at = models.DateTimeField(
        null=True, help_text="When its own route was asked for what the list leaves out."
    )

    search_text = SearchTextField(
        of=("remote_id", "name", "session_remote_id", "owner_email", "base_model")
    )

    class Meta(Costed.Meta):
        indexes = [
            *Costed.Meta.indexes,
            index_facets(*FACETS, name="run_facets"),
            LargestFirst("created_at", name="run_newest"),
            models.Index(fields=["workspace", "session_remote_id"], name="run_of_session"),
            models.Index(fields=["workspace", "deployment_remote_id"], name="run_of_deployment"),
            models.Index(fields=["workspace", "sampler_remote_id"], name="run_of_sampler"),
            models.Index(
                fields=["workspace"], condition=WITHOUT_DETAILS, name="run_without_details"
            ),
        ]
