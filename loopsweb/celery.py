"""The Celery application: `celery -A loopsweb worker` and `celery -A loopsweb beat`."""

from __future__ import annotations

import os

from celery import Celery

from loopsweb.environment import load_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
load_settings()
# Checks ask the database, which may be away when a worker starts. prepare_database runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

app = Celery("loopsweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["loopsweb.accounts", "loopsweb.audit", "loopsweb.resources", "loopsweb.json_api.tokens"]
)
