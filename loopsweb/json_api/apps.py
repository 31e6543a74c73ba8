from __future__ import annotations

from django.apps import AppConfig


class JsonApiConfig(AppConfig):
    name = "loopsweb.json_api"
