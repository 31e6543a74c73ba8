"""An API in a process of its own, over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIApplication

from waitress.server import create_server


@contextmanager
def run_api(module: str, argument: str) -> Iterator[str]:
    """Run a module that calls `serve_api`. Yields its URL."""
    command = [sys.executable, "-m", module, argument]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            yield child.stdout.readline().strip()
        finally:
            child.terminate()


def serve_api(api: WSGIApplication, *, threads: int) -> None:
    server = create_server(api, host="127.0.0.1", port=0, threads=threads)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()
