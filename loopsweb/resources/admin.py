"""Django's admin of what polling stores: read-only."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils import timezone

from loopsweb.resources.models import (
    Catalogue,
    Checkpoint,
    Deactivation,
    Deployment,
    PollState,
    Run,
    Sampler,
    Session,
    StatusChange,
)
from loopsweb.ui.read_only_admin import ReadOnlyAdmin


class RowAdmin(ReadOnlyAdmin):
    list_select_related = ["workspace"]
    list_per_page = 50


COLUMNS = {
    Session: "remote_id origin first_seen_at",
    Run: "remote_id name base_model status owner_email missing_since",
    Sampler: "remote_id run_remote_id base_model status owner_email missing_since",
    Checkpoint: "remote_id run_remote_id target name sync_status missing_since",
    Deployment: "remote_id base_model status owner_email missing_since gone_at",
    Deactivation: "noun target_remote_id state person requested_at state_since",
    StatusChange: "first_seen_new_at noun remote_id field old new",
    Catalogue: "as_of",
}
FILTERS = {
    Session: "origin",
    Run: "status base_model",
    Sampler: "status base_model",
    Checkpoint: "target sync_status base_model",
    Deployment: "status base_model",
    Deactivation: "state",
    StatusChange: "noun new",
}
for model, names in COLUMNS.items():
    columns = names.split()
    options = {
        "list_display": [*columns, "workspace"],
        "list_filter": [*FILTERS.get(model, "").split(), "workspace"],
        "search_fields": [
            name for name in columns if name.endswith("remote_id") or name == "owner_email"
        ],
    }
    admin.site.register(model, type(f"{model.__name__}Admin", (RowAdmin,), options))


@admin.register(PollState)
class PollStateAdmin(RowAdmin):
    list_display = ["key", "last_success_at", "next_poll_at", "failures", "last_error"]
    list_filter = ["key__state", "key__workspace"]
    list_select_related = ["key__workspace"]
    search_fields = ["key__name", "key__owner__email", "last_error"]
    actions = ["poll_now"]

    @admin.action(description="Poll now", permissions=["view"])
    def poll_now(self, request: HttpRequest, states: QuerySet[PollState]) -> None:
        due = states.update(next_poll_at=timezone.now(), parked_until=None)
        messages.success(request, f"{due} key{pluralize(due)} will be polled at the next tick.")
