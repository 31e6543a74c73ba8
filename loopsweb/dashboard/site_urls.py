from __future__ import annotations

from django.urls import URLPattern, path

from loopsweb.dashboard import site_views

urlpatterns: list[URLPattern] = [
    path("", site_views.home, name="home"),
    path("help/statuses/", site_views.statuses, name="help-statuses"),
    path("healthz", site_views.healthz, name="healthz"),
    path("readyz", site_views.readyz, name="readyz"),
]
