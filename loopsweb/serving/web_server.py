"""Granian, once the settings are known to mean something: `python -m loopsweb.serving.web_server`.

Granian itself would start workers again and again that find out one by one. Takes granian's
options, too.
"""

from __future__ import annotations

import os
import sys

from granian.cli import cli

from loopsweb.environment import load_settings

OPTIONS = (
    *("--interface", "wsgi", "--no-ws", "--blocking-threads", "4", "--respawn-failed-workers"),
    *("--workers-kill-timeout", "10"),  # a worker that is told to stop while it starts does not
)

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
    load_settings()
    given = [*OPTIONS, *sys.argv[1:], "loopsweb.wsgi:application"]
    cli(given, auto_envvar_prefix="GRANIAN")
