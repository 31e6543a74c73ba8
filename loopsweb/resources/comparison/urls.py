from __future__ import annotations

from django.urls import path

from loopsweb.resources.comparison.views import DESCRIBE, compare_two
from loopsweb.resources.nouns import NOUNS

urlpatterns = [
    path(f"{slug}/compare/", compare_two, {"noun": NOUNS[slug]}, f"{slug}-compare")
    for slug in DESCRIBE
]
