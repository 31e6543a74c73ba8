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
- **A poll in which nothing changed**: not proven. On PostgreSQL, of 7.2 ms, 4.7 are the requests of
  the floor. Statements that read and write the state of the poll take 1.3 with PostgreSQL's share,
  deciding what to ask 0.6. The rest hashes the answers and looks for the key in them. One statement
  less is made since the run of the table.
- **10 % changed**, on PostgreSQL: not proven. A changed key has an hour of changes of twelve runs:
  178 rows in 69 statements, while the floor fetches the same answers and stores nothing. PostgreSQL
  takes 38 ms of the 97 of such a poll, half of it to insert; the worker makes rows of what it was
  told, compares them and works out their figures in the rest.
- **First snapshot**: the floor decodes and keeps nothing. The table has what making rows of the
  objects and inserting them costs, without comparing, locking or working out anything: with the
  floor, that is more than the bound on both databases. The rest are ten thousand requests, the
  comparison with what is stored, what rows hold and cost, and which run is asked about next.
- **Memory of a first snapshot**, on SQLite: not proven; it misses by 2 MB. The answer itself takes
  10 of the 40, the rest is what is told and stored of 10,000 rows while they are compared, the rows
  that are written 200 at a time, the connection's cache, and what the heap does not give back.
- **A search that finds nothing**, on SQLite, has to look into the text of every row. The table has
  what that takes alone: with the floor, it is more than the bound.
  [decisions/0031](decisions/0031-counts-that-the-worker-keeps.md) says why no index is kept for it.
- **Page 500** of sessions, on SQLite: the last page of few sessions has 12 rows, others have 50.
  The table has what a page of 50 rows of as few takes: nearly the same.
- **The first row**: without its scripts, the same page takes 1.6 times the floor: markup and styles
  alone exceed the bound. Until it shows, it takes 76 ms of CPU of the browser's main thread,
  the floor 55. Of the 76, style and layout take 27, the site's scripts 10, htmx 7, painting 6,
  parsing 5. The floor also shows rows before it has all of them; a list waits for the scripts that
  write the times, so that no row moves.
- **Clicks**: with the markup and styles of a list and none of the site's scripts, htmx alone takes
  twice the bound to put the rows of another page in the place of these; the table has it. The site
  takes less for what is kept, since it draws the first screen first. Fifty rows of ten plain cells,
  without styles, take htmx 77 ms at a quarter of the CPU: 23 are left for all that a cell shows.
  What is cold adds the time of a cold list.
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
