from __future__ import annotations

from django.apps import AppConfig
from django.urls import register_converter

from loopsweb.ui.remote_ids import RemoteIdConverter


class UiConfig(AppConfig):
    name = "loopsweb.ui"

    def ready(self) -> None:
        register_converter(RemoteIdConverter, "remote_id")
