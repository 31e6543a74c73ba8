"""The team dashboard for Baseten Loops: see what runs, stop it safely, keep the record."""

from __future__ import annotations
