from __future__ import annotations

from django.urls import path

from loopsweb.dashboard import (
    audit_views,
    overview_views,
    proof_views,
    snooze_views,
    timeline_views,
)

app_name = "dashboard"
urlpatterns = [
    path("", overview_views.show_overview, name="overview"),
    path("timeline/", timeline_views.show_timeline, name="timeline"),
    path("attention/snooze/", snooze_views.snooze_items, name="snooze"),
    path("attention/snoozes/<uuid:snooze>/end/", snooze_views.undo_snooze, name="unsnooze"),
    path("audit/", audit_views.list_events, name="audit"),
    path("audit/verification/", proof_views.verify_now, name="verification"),
    path("audit/export/", proof_views.download_export, name="export"),
    path("audit/head/", proof_views.download_head, name="head"),
    path("audit/records/<uuid:incident>/proof/", proof_views.download_record, name="record_proof"),
    path("audit/<int:sequence>/", audit_views.show_event, name="event"),
]
