from __future__ import annotations

from django.urls import URLPattern, path

from loopsweb.dashboard import views

app_name = "dashboard"
urlpatterns: list[URLPattern] = [
    path("", views.overview, name="overview"),
    path("audit/", views.audit, name="audit"),
]
