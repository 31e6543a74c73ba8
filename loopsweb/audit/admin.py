from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from loopsweb.audit.models import Event


@admin.register(Event)
class EventAdmin(admin.ModelAdmin[Event]):
    date_hierarchy = "at"
    list_display = ["id", "at", "workspace", "action", "outcome", "person", "target_id", "reason"]
    list_filter = ["outcome", "action", "workspace"]
    search_fields = ["person", "target_id", "target_name", "target_owner", "reason"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False
