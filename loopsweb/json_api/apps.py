from __future__ import annotations

from django.apps import AppConfig


class JsonApiConfig(AppConfig):
    name = "loopsweb.json_api"

    def ready(self) -> None:
        from loopsweb.json_api import membership_signals  # noqa: F401  (registers its receiver)
