"""Puts the clock of a Python process ahead by SKEW_SECONDS: `PYTHONPATH=tests/faults/skewed`.

Django, Celery and `time.time` see the wrong time; the monotonic clock is right.
"""

from __future__ import annotations

import datetime as dt
import os
import time

SKEW = float(os.environ["SKEW_SECONDS"])
right_time = time.time


class Ahead(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
        return dt.datetime.fromtimestamp(time.time(), tz)


time.time = lambda: right_time() + SKEW

import celery.worker.request  # noqa: E402
import django.utils.timezone  # noqa: E402

celery.worker.request.datetime = Ahead  # type: ignore[assignment,attr-defined]
django.utils.timezone.now = lambda: Ahead.now(dt.UTC)
