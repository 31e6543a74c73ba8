"""The client of the Loops HTTP API: without Django, and the only package that imports httpx."""

from __future__ import annotations

from loopsweb.loops_api import errors, types, uris
from loopsweb.loops_api.client import Client, Generation
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.request_limits import Limits

__all__ = ["Client", "Generation", "LazyList", "Limits", "errors", "types", "uris"]
