"""The site's settings, plus the bare view that pages are compared with."""

from __future__ import annotations

from loopsweb.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
