from __future__ import annotations

from django.apps import AppConfig

from loopsweb.tracing import start_tracing


class MonitoringConfig(AppConfig):
    name = "loopsweb.monitoring"

    def ready(self) -> None:
        start_tracing()
