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
LIMITS = """## What misses its bound, and why

The milliseconds here are of single profiles; the tables below have the figures of one run.

- **A cold list**: the floor draws nothing. Of 62 ms, 35 draw fifty rows of ten cells by Django's
  templates, 7 count the values of the filters, 10 read rows and what they are paired with, and the
  frame of the page is the rest. Six times the floor is 5 ms, less than reading the rows takes. It
  is drawn once for all who have the same role, until something changes.
- **An event**: no append can cost less than its statements. It locks and reads the head of the
  chain, inserts the event and its text for the search, and moves the head, in one transaction; the
  table has what these alone cost. On both databases that is more than the bound. The other 0.2 ms
  make the event: salts and hashes of what names a person, the hash of the link, the row.
- **A poll in which nothing changed**: of 7.7 ms on SQLite, 4.3 are the requests of the floor, 0.6
  store the end of the poll, 0.3 read its agenda. Most of the rest is a tenth of a millisecond a
  request, for its deadline, its retry, its span, its count and the look for the key in its body.
  On PostgreSQL, planning the agenda takes 2.5 ms. A plan that is kept for any values was tried: it
  uses no partial index, and 10,000 runs then cost 10 ms.
- **Two worker processes on two cores**: the bound is out of reach here. An unchanged key takes
  10 ms of CPU of the worker and its share of PostgreSQL and of the API that answers, on the same
  two cores. One worker is limited by its interpreter, two by the cores; the quicker a worker gets,
  the smaller the ratio.
- **10 % changed**: not proven, and worked on. A changed key has an hour of changes of twelve runs:
  178 rows, while the floor fetches the same answers and stores nothing.
- **First snapshot**: not proven. The floor decodes and keeps nothing. The table has what inserting
  the rows alone costs: with the floor, that is two thirds of the bound on SQLite and nearly all of
  it on PostgreSQL. The rest makes rows of objects, fits them to their columns, and works out
  what they hold and cost, which takes a quarter.
- **Memory of a first snapshot**: not proven. Rows of a long list are parsed and written 200 at a
  time: a process with one thread needs 11 MB for 2,000 runs. A worker polls in the first of its
  threads that is free, and each has a connection of its own.
- **Search among 100,000 rows** reads the text of each: 40 ms here. A short list is read whole.
- **Page 500** is found by skipping 25,000 rows, in the order of an index. The last page of few
  sessions has 12 rows, the others have 50.
- **The first row**: not proven. Until it shows, the page takes 76 ms of CPU of the browser's main
  thread, the floor 55. Of the 76, style and layout take 27, the site's scripts 10, htmx 7, painting
  6, parsing 5. The rows of the first screen take ten in all; most of the rest is the frame of the
  page. The floor also shows rows before it has all of them; a list waits for the scripts that write
  the times, so that no row moves.
- **Clicks**: not proven. At a quarter of the CPU, htmx alone takes 77 ms to put fifty rows of ten
  plain cells in the place of as many, without styles, scripts or anything to compute: 23 are left
  for all else. What is kept takes 40 ms in the browser at full speed: style and layout of the first
  screen and of the few rows that make columns wider 14, htmx with the swap and the history 11,
  painting 4, parsing 2, the click 2, and the browser's own tasks the rest. What is cold adds the
  time of a cold list.
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
