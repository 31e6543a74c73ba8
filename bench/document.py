"""Writes the figures as a page of the documentation, without a date."""

from __future__ import annotations

import os
from pathlib import Path

from bench.figures import Figure, format_table

INTRODUCTION = """# Benchmarks

`make bench` measures these in some minutes and writes this page; {cores} cores, everything on one
machine. A *ratio* is the CPU time of what was measured by that of its *floor*, the least that could
be done instead. Both are medians, measured in turns in one run, so that load affects both alike;
the time of PostgreSQL is in them. What misses its bound says so.

- The floor of a page is a view behind the same middleware that returns as many bytes to a signed-in
  person; that of a live poll one that answers an empty 204.
- The floor of a list of many rows is the same list of few. That of a poll is plain httpx asking for
  the same URLs, that of an event an INSERT of the same row, committed.
- *warm*: the page was opened before, and nothing has changed. *cold*: no page is cached. Sizes are
  those of a page and of its scripts, gzipped.
- The rows are those of `manage.py benchmark_data`.
"""


def write_document(path: Path, found: dict[str, list[Figure]]) -> None:
    parts = [INTRODUCTION.format(cores=os.cpu_count())]
    parts += [f"## {setting}\n\n{format_table(figures)}\n" for setting, figures in found.items()]
    path.write_text("\n".join(parts))
