"""How the site is started: serve, for real; demo, with a pretended API."""

from __future__ import annotations
