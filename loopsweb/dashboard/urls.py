from __future__ import annotations

from django.urls import path

from loopsweb.dashboard import audit_views, overview_views, proof_views

app_name = "dashboard"
urlpatterns = [
    path("", overview_views.overview, name="overview"),
    path("audit/", audit_views.list_, name="audit"),
    path("audit/verification/", proof_views.verification, name="verification"),
    path("audit/export/", proof_views.export, name="export"),
    path("audit/head/", proof_views.head, name="head"),
    path("audit/<int:sequence>/", audit_views.detail, name="event"),
]
