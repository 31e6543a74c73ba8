#!/usr/bin/env python
from __future__ import annotations

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
    from loopsweb import environment
    from loopsweb.serving import demo_environment

    if sys.argv[1:2] == ["demo"]:
        demo_environment.enter(os.environ, sys.argv)
    environment.make_data_dir()
    environment.make_missing_secrets(say=say)

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
