"""Benchmarks of pages and polls, as ratios measured in one run: `make bench`."""

from __future__ import annotations
