"""Measures everything in the setting of its environment: a line for each figure.

__main__.py runs it in a process of its own, and reads the file that it writes.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import django
import msgspec
from django.core.management import call_command

from bench.sizes import Sizes


def main(sizes: str, api: str, output: str) -> None:
    django.setup()
    logging.disable(logging.WARNING)
    from bench import everything

    call_command("migrate", interactive=False, verbosity=0)
    figures = []
    for figure in everything.measure(msgspec.json.decode(sizes, type=Sizes), api=api):
        print(figure.format_line(), flush=True)
        figures.append(figure)
    Path(output).write_bytes(msgspec.json.encode(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
