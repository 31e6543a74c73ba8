from __future__ import annotations

from django.contrib import admin

from loopsweb.audit.models import Event
from loopsweb.ui.read_only_admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    date_hierarchy = "at"
    list_display = ["id", "at", "workspace", "action", "outcome", "person", "target_id", "reason"]
    list_filter = ["outcome", "action", "workspace"]
    search_fields = ["person", "target_id", "target_name", "target_owner", "reason"]
