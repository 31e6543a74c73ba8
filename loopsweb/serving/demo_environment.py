"""The demo's environment variables, set before Django reads its settings."""

from __future__ import annotations

import argparse
from collections.abc import MutableMapping, Sequence

from loopsweb.environment import BASE_DIR, SECRET_FACTORIES

PRODUCTION_PREFIXES = ("DATABASE_URL", "REDIS_URL", "STATIC_ROOT", "EMAIL_", "LOOPSWEB_")
DEMO_DIR_VARIABLE = "LOOPSWEB_DEMO_DIR"


def set_demo_environment(environ: MutableMapping[str, str], arguments: Sequence[str]) -> None:
    """Replace all settings so that the demo uses its own data and only calls the simulator.

    Each start creates new secrets and a new database.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--api-port", default="8900")
    known, _ = parser.parse_known_args(arguments)
    folder = environ.get(DEMO_DIR_VARIABLE, str(BASE_DIR / "data" / "demo"))
    for name in [name for name in environ if name.startswith(PRODUCTION_PREFIXES)]:
        del environ[name]
    environ.update({name: create() for name, create in SECRET_FACTORIES.items()})
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
