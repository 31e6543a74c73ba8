from __future__ import annotations

from django.urls import URLPattern, path

from loopsweb.dashboard import health, site_views, styleguide_views
from loopsweb.monitoring.metrics import show_metrics

urlpatterns: list[URLPattern] = [
    path("", site_views.redirect_home, name="home"),
    path("help/statuses/", site_views.show_statuses, name="help-statuses"),
    path("help/idleness/", site_views.show_idleness, name="help-idleness"),
    path("styleguide/", styleguide_views.show_styleguide, name="styleguide"),
    path("healthz", health.check_liveness, name="healthz"),
    path("readyz", health.check_readiness, name="readyz"),
    path("metrics", show_metrics, name="metrics"),
]
