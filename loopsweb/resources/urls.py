"""The URLs of all nouns, under /w/<workspace>/."""

from __future__ import annotations

from django.urls import include, path

from loopsweb.resources.nouns import NOUNS

urlpatterns = [
    path("", include("loopsweb.resources.deactivations.urls")),
    *(path(f"{slug}/", include(f"loopsweb.resources.{slug}.urls")) for slug in NOUNS),
]
