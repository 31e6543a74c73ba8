"""The demo's environment variables, set before Django reads its settings."""

from __future__ import annotations

import argparse
from collections.abc import MutableMapping, Sequence

from loopsweb.environment import BASE_DIR, SECRET_FACTORIES
from loopsweb.serving.ports import format_url

PRODUCTION_PREFIXES = ("DATABASE_URL", "REDIS_URL", "STATIC_ROOT", "EMAIL_", "LOOPSWEB_")
HOST, API_PORT = "127.0.0.1", 8900
DEMO_DIR_VARIABLE = "LOOPSWEB_DEMO_DIR"


def set_demo_environment(environ: MutableMapping[str, str], arguments: Sequence[str]) -> None:
    """Replace all settings so that the demo uses its own data and only calls the simulator.

    Each start creates new secrets and a new database.
    """
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--api-port", type=int, default=API_PORT)
    known, _ = parser.parse_known_args(arguments)
    folder = environ.get(DEMO_DIR_VARIABLE, str(BASE_DIR / "data" / "demo"))
    for name in [name for name in environ if name.startswith(PRODUCTION_PREFIXES)]:
        del environ[name]
    environ.update({name: create() for name, create in SECRET_FACTORIES.items()})
    environ.update(
        {
            "LOOPSWEB_DEMO": "1",
            "LOOPSWEB_DATA_DIR": folder,
            "LOOPSWEB_API_URLS": format_url(host=known.host, port=known.api_port),
            "LOOPSWEB_POLL_BUSY_SECONDS": "2",
            "LOOPSWEB_POLL_QUIET_SECONDS": "4",
            "LOG_LEVEL": environ.get("LOG_LEVEL", "WARNING"),
        }
    )
