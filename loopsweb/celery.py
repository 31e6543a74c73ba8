"""The Celery application: `celery -A loopsweb worker` and `celery -A loopsweb beat`."""

from __future__ import annotations

import os

from celery import Celery

from loopsweb.environment import load_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
load_settings()

app = Celery("loopsweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["loopsweb.accounts", "loopsweb.audit", "loopsweb.resources", "loopsweb.json_api.tokens"]
)
