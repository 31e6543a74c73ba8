from __future__ import annotations

from django.urls import path

from loopsweb.resources.comparison.views import CHECKPOINTS, RUNS, compare_two

urlpatterns = [
    path(f"{kind.slug}/compare/", compare_two, {"kind": kind}, f"{kind.slug}-compare")
    for kind in (RUNS, CHECKPOINTS)
]
