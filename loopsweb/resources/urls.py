"""The URLs of all nouns, under /w/<workspace>/."""

from __future__ import annotations

from django.urls import include, path

from loopsweb.resources.checkpoints.over_time_views import show_over_time
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.pages.answer_views import FETCH, show_answer
from loopsweb.resources.telemetry.archive_views import show_debug_archive
from loopsweb.resources.telemetry.log_source import LOGGERS
from loopsweb.resources.telemetry.log_views import show_logs
from loopsweb.resources.telemetry.metric_views import show_metrics

urlpatterns = [
    path("", include("loopsweb.resources.comparison.urls")),
    path("", include("loopsweb.resources.cleanups.urls")),
    path("", include("loopsweb.resources.deactivations.urls")),
    # What is open most is found early. Those above have addresses among those of rows.
    *(path(f"{slug}/", include(f"loopsweb.resources.{slug}.urls")) for slug in NOUNS),
    path("", include("loopsweb.resources.rates.urls")),
    path("runs/", include("loopsweb.resources.lineage.urls")),
    path("lists/", include("loopsweb.resources.lists.urls")),
    path("runs/<remote_id:remote_id>/checkpoints/", show_over_time, name="run-checkpoints"),
    *(
        path(f"{slug}/<remote_id:remote_id>/answer/", show_answer, {"kind": slug}, f"answer-{slug}")
        for slug in FETCH
    ),
    *(
        path(
            f"{one.slug}/<remote_id:remote_id>/logs/", show_logs, {"kind": one}, f"logs-{one.slug}"
        )
        for one in LOGGERS
    ),
    path(
        "deployments/<remote_id:remote_id>/debug-archive/",
        show_debug_archive,
        name="debug-archive-deployments",
    ),
    path("deployments/<remote_id:remote_id>/metrics/", show_metrics, name="metrics-deployments"),
]
