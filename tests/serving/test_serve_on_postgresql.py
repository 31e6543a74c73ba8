from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.composed import REQUIRED_VARIABLES, create_database, reserve_redis
from tests.processes import NOTHING_ALIVE, start_simulator, start_site, wait_for
from tests.visitor import open_visitor

OFTEN = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    with create_database() as database_url, reserve_redis() as redis_url:
        yield {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": REQUIRED_VARIABLES["SECRET_KEY"],
            "LOOPSWEB_SECRET_KEYS": REQUIRED_VARIABLES["LOOPSWEB_SECRET_KEYS"],
            "LOOPSWEB_DATA_DIR": str(tmp_path / "data"),
            **OFTEN,
        }


def test_serve_starts_web_worker_and_beat_and_ends_them_all(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        start_simulator(tmp_path) as api,
        start_site(tmp_path, environment | {"LOOPSWEB_API_URLS": api}) as site,
    ):
        processes.create_admin("ada@example.com", environment=environment)
        with open_visitor(
            site.address, email="ada@example.com", password=processes.PASSWORD
        ) as visitor:
            styles = visitor.get("/accounts/login/").text.split('rel="stylesheet" href="')[1]
            assert visitor.get(styles.split('"')[0]).status_code == 200
            visitor.submit(
                "/keys/", name="Mine", secret="demo-org-key", api_url=api, workspace="ada"
            )
            wait_for(lambda: "Qwen/Qwen3-8B" in visitor.get("/w/ada/runs/").text)
        assert site.process.end(signal.SIGTERM) == 0
        wait_for(lambda: not processes.is_listening(site))


@pytest.mark.parametrize("name", ["SECRET_KEY", "LOOPSWEB_SECRET_KEYS"])
def test_nothing_starts_without_secrets(environment: dict[str, str], name: str) -> None:
    refused = processes.run_command("serve", "--port", "1", environment=environment | {name: ""})
    assert refused.returncode == 1
    assert refused.stderr == (
        f"loopsweb cannot start: {name} is not set. "
        "Set it in the environment; .env.example shows how to generate one.\n"
    )


def test_the_web_server_alone(tmp_path: Path, environment: dict[str, str]) -> None:
    with start_site(tmp_path, environment, "--no-worker") as site:
        assert site.get("/readyz").text == NOTHING_ALIVE
        assert site.process.end(signal.SIGTERM) == 0
