"""Writes the figures as a page of the documentation: a plot and a table for each setting."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.text import slugify

from bench.figures import Figure, format_table
from bench.plot import draw_plot

INTRODUCTION = """# Benchmarks

`make bench` measures these and writes this page; {cores} cores, everything on one machine. A
*ratio* is what was measured by its *floor*, the least that could be done instead. Both are measured
in turns in one run, so that load affects both alike. What misses its bound says so.

- **Pages**: medians of CPU time, that of PostgreSQL included. The floor of a page is a view behind
  the same middleware that returns as many bytes to a signed-in person; that of a live poll one that
  answers an empty 204. *warm*: the page was opened before, and nothing has changed. *cold*: nothing
  but the session is in a cache. Sizes are those of a page and of its scripts, gzipped.
- **Lists** of many rows have the same list of few as their floor. An event has an INSERT of the
  same row, committed.
- **Polls and sweeps**: CPU of the worker, PostgreSQL and Redis; the floor is plain httpx asking for
  the same URLs, with as many threads. A first snapshot is compared with fetching and decoding each
  different answer once. The API answers from memory, in a process of its own. A tick is one look of
  the polling lane, while ten of the workspaces are looked at.
- **Embedded** is `manage.py serve` on SQLite: the list of one organisation is asked for over 8
  connections while the first snapshot of another is read, which is as large. Memory is that of all
  processes; what they share counts once.
- **Browser**: Chromium, with nothing in its cache; the floor is a page that has a table of 200 rows
  and htmx and nothing else. Clicks are timed after the snapshot has changed, so that nothing is
  kept; *when kept*, after somebody has seen the same. At a quarter of the CPU only the browser is
  slowed down.
- The services run with the commands and settings of docker-compose.yml, except that PostgreSQL
  does not wait for the disk. The rows are those of `manage.py benchmark_data`.
"""
LIMITS = """## What polls miss, and why

- **Two worker processes on two cores**: the bound is out of reach here. An unchanged key takes
  28 ms of CPU of the worker, 6 of PostgreSQL and 4 of the API that answers, on the same two cores.
  One worker is limited by its interpreter to a key in 28 ms, two by the cores to one in
  (28 + 6 + 4) / 2 = 19 ms: at most 1.5 times as many. 1.7 needs all but 15 % of the CPU to be the
  worker's; the quicker a worker gets, the smaller the ratio. What other programs take lowers it
  further: in the run below both cores were busy with one worker.
- **10 % changed**: not proven, and worked on. A changed key has an hour of changes of twelve runs:
  178 rows, while the floor fetches the same answers and stores nothing. Of such a poll a third is
  figures, a fifth writing rows, a seventh making them fit their columns, a tenth HTTP.
- **First snapshot**: not proven. Nine tenths were work done anew for each of the answers about
  checkpoints, which are now stored together. What is left is in proportion to the rows.
"""


def write_document(path: Path, found: dict[str, list[Figure]]) -> None:
    parts = [INTRODUCTION.format(cores=os.cpu_count()), LIMITS]
    images = path.parent / "images"
    images.mkdir(exist_ok=True)
    for setting, figures in found.items():
        name, title = f"{path.stem}-{slugify(setting)}.svg", f"How far from their bounds: {setting}"
        (images / name).write_text(draw_plot(figures, title=title))
        picture = f"![{title}. The table has the same figures.](images/{name})"
        parts.append(f"## {setting}\n\n{picture}\n\n{format_table(figures)}\n")
    path.write_text("\n".join(parts))
