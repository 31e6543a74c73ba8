"""The Loops HTTP API, pretended: a WSGI application with an organisation in memory.

Written from the API's documentation. Imports nothing else of loopsweb, and is imported by nothing.
"""

from __future__ import annotations

from .simulator import Simulator

__all__ = ["Simulator"]
