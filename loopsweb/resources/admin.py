"""Django's admin of what polling stores: read-only."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
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
from loopsweb.ui.read_only_admin import ReadOnlyAdminMixin


class ReadOnlyAdmin(ReadOnlyAdminMixin, admin.ModelAdmin[Model]):
    list_select_related = ["workspace"]
    list_per_page = 50


def register_read_only(model: type[Model], *, columns: list[str], filters: list[str]) -> None:
    ids = [name for name in columns if name.endswith("remote_id") or name == "owner_email"]
    options = {
        "list_display": [*columns, "workspace"],
        "list_filter": [*filters, "workspace"],
        "search_fields": ids,
    }
    admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnlyAdmin,), options))


register_read_only(Session, columns=["remote_id", "origin", "first_seen_at"], filters=["origin"])
register_read_only(
    Run,
    columns=["remote_id", "name", "base_model", "status", "owner_email", "missing_since"],
    filters=["status", "base_model"],
)
register_read_only(
    Sampler,
    columns=["remote_id", "run_remote_id", "base_model", "status", "owner_email", "missing_since"],
    filters=["status", "base_model"],
)
register_read_only(
    Checkpoint,
    columns=["remote_id", "run_remote_id", "target", "name", "sync_status", "missing_since"],
    filters=["target", "sync_status", "base_model"],
)
register_read_only(
    Deployment,
    columns=["remote_id", "base_model", "status", "owner_email", "missing_since", "gone_at"],
    filters=["status", "base_model"],
)
register_read_only(
    Deactivation,
    columns=["noun", "target_remote_id", "state", "person", "requested_at", "state_since"],
    filters=["state"],
)
register_read_only(
    StatusChange,
    columns=["first_seen_new_at", "noun", "remote_id", "field", "old", "new"],
    filters=["noun", "new"],
)
register_read_only(Catalogue, columns=["as_of"], filters=[])


@admin.register(PollState)
class PollStateAdmin(ReadOnlyAdmin):
    list_display = ["key", "last_success_at", "next_poll_at", "failures", "last_error"]
    list_filter = ["key__state", "key__workspace"]
    list_select_related = ["key__workspace"]
    search_fields = ["key__name", "key__owner__email", "last_error"]
    actions = ["poll_now"]

    @admin.action(description="Poll now", permissions=["view"])
    def poll_now(self, request: HttpRequest, states: QuerySet[PollState]) -> None:
        due = states.update(next_poll_at=timezone.now())
        messages.success(request, f"{due} key{pluralize(due)} will be polled at the next tick.")
