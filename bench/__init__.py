"""What a page and a poll cost, as ratios of two things measured in one run: `make bench`."""

from __future__ import annotations
