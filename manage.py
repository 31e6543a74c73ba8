#!/usr/bin/env python
from __future__ import annotations

import io
import os
import sys


def main() -> None:
    from django.core.exceptions import ImproperlyConfigured

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a log has each line as soon as it is written
        sys.stdout.reconfigure(line_buffering=True)
    try:
        run_command()
    except ImproperlyConfigured as error:
        sys.exit(f"loopsweb cannot start: {error}")


def run_command() -> None:
    from loopsweb import environment
    from loopsweb.serving import demo_environment

    if sys.argv[1:2] == ["demo"]:
        demo_environment.set_demo_environment(os.environ, sys.argv)
    environment.create_data_dir()
    environment.create_missing_secrets(report=report)
    if sys.argv[1:2] in (["demo"], ["serve"]):
        environment.share_counts()

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def report(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
