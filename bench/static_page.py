"""Serves a page that shows a table and loads htmx, and nothing else, in a process of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.staticfiles import finders

from tests.processes import start_process, wait_for
from tests.servers import find_free_port, is_port_open

ROWS, COLUMNS = 200, 10
HTMX = "htmx-2.min.js"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Runs</title>
<script src="{htmx}" defer></script></head>
<body><main><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></main></body></html>
"""


@contextmanager
def serve_static_page() -> Iterator[str]:
    """Yields its URL."""
    with tempfile.TemporaryDirectory(prefix="loopsweb-bench-static-") as name:
        folder, port = Path(name), find_free_port()
        found = finders.find(f"django_htmx/{HTMX}")
        assert isinstance(found, str)
        shutil.copy(found, folder)
        (folder / "index.html").write_text(build_page())
        where = ["--bind", "127.0.0.1", "--directory", name]
        command = [sys.executable, "-m", "http.server", str(port), *where]
        with start_process(command, log=folder / "log"):
            wait_for(lambda: is_port_open(port))
            yield f"http://127.0.0.1:{port}/index.html"


def build_page() -> str:
    head = "".join(f"<th>Column {column}</th>" for column in range(COLUMNS))
    rows = [
        "".join(f"<td>row {row}, {column}</td>" for column in range(COLUMNS)) for row in range(ROWS)
    ]
    return PAGE.format(htmx=HTMX, head=head, rows="".join(f"<tr>{row}</tr>" for row in rows))
