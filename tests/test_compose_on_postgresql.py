from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.composed import REQUIRED_VARIABLES, ComposeStack, load_services, start_compose
from tests.processes import READY, ROOT, start_simulator, wait_for
from tests.visitor import open_visitor

OURS = ["migrate", "web", "worker", "beat"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ComposeStack]:
    often = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
    with (
        start_simulator(tmp_path) as api,
        start_compose(tmp_path, LOOPSWEB_API_URLS=api, **often) as everything,
    ):
        processes.create_admin("ada@example.com", environment=everything.site.environment)
        yield everything


def test_web_worker_and_beat_work_together_and_stop(running: ComposeStack) -> None:
    site = running.site
    with open_visitor(site.address, email="ada@example.com", password=processes.PASSWORD) as ada:
        ada.submit("/keys/", name="Mine", secret="demo-org-key")
        wait_for(lambda: "Qwen/Qwen3-8B" in ada.get("/w/ada/runs/").text)
        wait_for(lambda: site.get("/readyz").text == READY)
    assert [it.end() for it in (running.beat, running.worker, site.process)] == [0, 0, 0]


@pytest.mark.parametrize("name", sorted(REQUIRED_VARIABLES))
def test_compose_needs_secrets(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        load_services(
            {other: value for other, value in REQUIRED_VARIABLES.items() if other != name}
        )


def test_only_web_is_published_and_only_on_loopback() -> None:
    found = load_services(REQUIRED_VARIABLES)
    assert {name: s["ports"] for name, s in found.items() if "ports" in s} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_every_service_has_a_health_check_and_restarts() -> None:
    found = load_services(REQUIRED_VARIABLES)
    lasting = {name: s for name, s in found.items() if name != "migrate"}
    assert {name for name, s in lasting.items() if "healthcheck" not in s} == set()
    assert {s["restart"] for s in lasting.values()} == {"unless-stopped"}


def test_containers_are_read_only_without_capabilities() -> None:
    found = load_services(REQUIRED_VARIABLES)
    assert [(found[n]["read_only"], found[n]["cap_drop"]) for n in OURS] == [(True, ["ALL"])] * 4
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_env_example_lists_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    settings = (ROOT / "loopsweb" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', settings))
    read |= set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert explained - read == {"LOOPSWEB_DATA_DIR", "LOOPSWEB_DEMO_DIR"}
    assert read - explained == set()


def test_every_setting_reaches_the_containers() -> None:
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    passed = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert explained - passed == {
        "DATABASE_URL",
        "LOOPSWEB_DATA_DIR",
        "LOOPSWEB_DEMO",
        "LOOPSWEB_DEMO_DIR",
        "LOOPSWEB_POLL_TICK_SECONDS",
        "REDIS_URL",
        "STATIC_ROOT",
    }
