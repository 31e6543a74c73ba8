from __future__ import annotations

import logging
import os
import sys
import tempfile
from contextlib import ExitStack

from loopsweb.environment import SECRET_FACTORIES

RUNS_ON_PAGES = 10_000
RUNS_POLLED = 200


def main() -> int:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="loopsweb-bench-"))
        for name in ("DATABASE_URL", "REDIS_URL", "LOOPSWEB_DEMO", "LOOPSWEB_READ_ONLY"):
            os.environ.pop(name, None)
        os.environ.update({name: make() for name, make in SECRET_FACTORIES.items()})
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "LOOPSWEB_DATA_DIR": folder,
            "LOG_LEVEL": "ERROR",
        }
        from bench.frozen_api import run_frozen_api

        large, small = (
            stack.enter_context(run_frozen_api(runs=runs)) for runs in (RUNS_ON_PAGES, RUNS_POLLED)
        )
        os.environ["LOOPSWEB_API_URLS"] = f"{large},{small}"

        import django

        django.setup()
        logging.disable(logging.WARNING)
        from django.core.management import call_command

        from bench import pages, polls, world

        call_command("migrate", interactive=False, verbosity=0)
        print(f"SQLite, {os.cpu_count()} cores. Medians; the ratios are the result.\n")
        pages.measure(world.create_key(name="large", api=large))
        polls.measure(runs=RUNS_POLLED, api=small)
    return 0


if __name__ == "__main__":
    sys.exit(main())
