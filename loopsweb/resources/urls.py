"""The URLs of all nouns, under /w/<workspace>/."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("loopsweb.resources.deactivations.urls")),
    path("sessions/", include("loopsweb.resources.sessions.urls")),
    path("runs/", include("loopsweb.resources.runs.urls")),
    path("samplers/", include("loopsweb.resources.samplers.urls")),
    path("checkpoints/", include("loopsweb.resources.checkpoints.urls")),
    path("deployments/", include("loopsweb.resources.deployments.urls")),
]
