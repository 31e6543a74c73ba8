"""A simulated Loops HTTP API: a WSGI application with an organisation in memory.

It follows the API's documentation, imports nothing else of loopsweb and is imported by nothing.
"""

from __future__ import annotations

from loopsweb.simulator.simulator import Simulator

__all__ = ["Simulator"]
