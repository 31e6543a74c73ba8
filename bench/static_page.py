"""Serves pages that load htmx and no other script, in a process of its own: one with a plain table,
and lists as they are."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
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
    """Yields the URL of the page with a plain table."""
    with serve_pages({"index.html": build_page()}) as address:
        yield f"{address}/index.html"


@contextmanager
def serve_pages(pages: Mapping[str, str]) -> Iterator[str]:
    """pages: {name of the file: HTML}. Yields their address."""
    with tempfile.TemporaryDirectory(prefix="loopsweb-bench-static-") as name:
        folder, port = Path(name), find_free_port()
        found = finders.find(f"django_htmx/{HTMX}")
        assert isinstance(found, str)
        shutil.copy(found, folder)
        for file, html in pages.items():
            (folder / file).write_text(html)
        where = ["--bind", "127.0.0.1", "--directory", name]
        command = [sys.executable, "-m", "http.server", str(port), *where]
        with start_process(command, log=folder / "log"):
            wait_for(lambda: is_port_open(port))
            yield f"http://127.0.0.1:{port}"


def leave_scripts_out(html: str, *, address: str) -> str:
    """The page with the styles of `address`, and htmx instead of its scripts."""
    html = re.sub(r"<script\b.*?</script>", "", html, flags=re.DOTALL)
    html = re.sub(r'(<link [^>]*href=")/', rf"\1{address}/", html)
    return html.replace("</head>", f'<script src="{HTMX}" defer></script></head>', 1)


def build_page() -> str:
    head = "".join(f"<th>Column {column}</th>" for column in range(COLUMNS))
    rows = [
        "".join(f"<td>row {row}, {column}</td>" for column in range(COLUMNS)) for row in range(ROWS)
    ]
    return PAGE.format(htmx=HTMX, head=head, rows="".join(f"<tr>{row}</tr>" for row in rows))
