"""The wire: the Loops HTTP API as Python. Nothing here knows Django, nothing else knows httpx."""

from __future__ import annotations

from loopsweb.loops_api import errors, types, uris
from loopsweb.loops_api.bounds import Limits
from loopsweb.loops_api.client import Client, Generation
from loopsweb.loops_api.row_lists import Listing

__all__ = ["Client", "Generation", "Limits", "Listing", "errors", "types", "uris"]
