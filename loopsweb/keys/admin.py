"""API keys in /admin/: staff can look at and remove them, but never see or enter a secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.audit.record import actor_of_request
from loopsweb.keys import actions
from loopsweb.keys.models import Key
from loopsweb.ui.offered_filters import OfferedFiltersMixin

FIELDS = ["mask", *(field.name for field in Key._meta.fields if field.name != "ciphertext")]


@admin.register(Key)
class KeyAdmin(OfferedFiltersMixin, admin.ModelAdmin[Key]):
    list_display = [
        "name",
        "workspace",
        "owner",
        "mask",
        "short_fingerprint",
        "state",
        "checked_at",
    ]
    list_filter = ["state", "shared", "can_list", "can_manage", "sees_organisation", "api_url"]
    list_select_related = ["workspace", "owner"]
    search_fields = ["name", "owner__email", "workspace__slug", "fingerprint", "api_email"]
    readonly_fields = FIELDS
    fields = [*FIELDS]

    @admin.display(description="fingerprint", ordering="fingerprint")
    def short_fingerprint(self, key: Key) -> str:
        return key.fingerprint[:12]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What goes with a key needs no permission of its own: nobody may delete it alone."""
        listed, counts, forbidden, protected = super().get_deleted_objects(objs, request)
        return listed, counts, forbidden & {self.opts.verbose_name}, protected

    def delete_model(self, request: HttpRequest, obj: Key) -> None:
        by = actor_of_request(request, workspace=obj.workspace.slug, role="staff")
        actions.remove(key=obj, by=by, now=timezone.now(), reason="Removed in /admin/.")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Key]) -> None:
        for key in queryset:
            self.delete_model(request, key)
