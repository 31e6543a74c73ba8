from __future__ import annotations

from django.apps import AppConfig


class ResourcesConfig(AppConfig):
    name = "loopsweb.resources"
