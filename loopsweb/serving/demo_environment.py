"""The demo's settings: put into the environment before Django reads it."""

from __future__ import annotations

import argparse
from collections.abc import MutableMapping, Sequence

from loopsweb.environment import BASE_DIR, SECRETS

OF_A_REAL_INSTALLATION = ("DATABASE_URL", "REDIS_URL", "STATIC_ROOT", "EMAIL_", "LOOPSWEB_")
FOLDER = "LOOPSWEB_DEMO_DIR"


def enter(environ: MutableMapping[str, str], arguments: Sequence[str]) -> None:
    """Leave a real installation's data and secrets alone, and talk to the simulator only.

    Secrets are made anew each time: so is the database.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--api-port", default="8900")
    known, _ = parser.parse_known_args(arguments)
    folder = environ.get(FOLDER, str(BASE_DIR / "data" / "demo"))
    for name in [name for name in environ if name.startswith(OF_A_REAL_INSTALLATION)]:
        del environ[name]
    environ.update({name: make() for name, make in SECRETS.items()})
    environ.update(
        {
            "LOOPSWEB_DEMO": "1",
            "LOOPSWEB_DATA_DIR": folder,
            "LOOPSWEB_API_URLS": f"http://127.0.0.1:{known.api_port}",
            "LOOPSWEB_POLL_BUSY_SECONDS": "2",
            "LOOPSWEB_POLL_QUIET_SECONDS": "4",
            "LOG_LEVEL": environ.get("LOG_LEVEL", "WARNING"),
        }
    )
