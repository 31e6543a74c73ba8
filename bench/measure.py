"""Measures a group of figures in the setting of its environment: a line for each.

__main__.py runs it in a process of its own, and reads the file that it writes.
"""

from __future__ import annotations

import importlib
import logging
import sys
from pathlib import Path

import django
import msgspec

from bench.sizes import Sizes


def main(group: str, sizes: str, api: str, output: str) -> None:
    django.setup()
    logging.disable(logging.WARNING)
    module = importlib.import_module(f"bench.{group}")
    figures = []
    for figure in module.measure(msgspec.json.decode(sizes, type=Sizes), api=api):
        print(figure.format_line(), flush=True)
        figures.append(figure)
        Path(output).write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
