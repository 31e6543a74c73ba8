from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.composed import FILLED_IN, Composed, composed, services
from tests.processes import ROOT, eventually, pretended_api
from tests.visitor import visiting

OURS = ["migrate", "web", "worker", "beat"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Composed]:
    often = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
    with (
        pretended_api(tmp_path) as api,
        composed(tmp_path, LOOPSWEB_API_URLS=api, **often) as everything,
    ):
        processes.make_admin("ada@example.com", environment=everything.site.environment)
        yield everything


def test_web_worker_and_beat_do_the_job_between_them_and_end_when_asked(running: Composed) -> None:
    site = running.site
    with visiting(site.address, email="ada@example.com", password=processes.PASSWORD) as ada:
        ada.submit("/keys/", name="Mine", secret="demo-org-key")
        eventually(lambda: "Qwen/Qwen3-8B" in ada.get("/w/ada/runs/").text)
        eventually(lambda: site.get("/readyz").text == "database: ok\npolling: ok\n")
    assert [it.end() for it in (running.beat, running.worker, site.process)] == [0, 0, 0]


@pytest.mark.parametrize("name", sorted(FILLED_IN))
def test_nothing_starts_without_its_secrets(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        services({other: value for other, value in FILLED_IN.items() if other != name})


def test_only_the_web_is_reachable_and_only_from_this_machine() -> None:
    found = services(FILLED_IN)
    assert {name: s["ports"] for name, s in found.items() if "ports" in s} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_every_server_has_a_health_check_and_comes_back() -> None:
    found = services(FILLED_IN)
    lasting = {name: s for name, s in found.items() if name != "migrate"}
    assert {name for name, s in lasting.items() if "healthcheck" not in s} == set()
    assert {s["restart"] for s in lasting.values()} == {"unless-stopped"}


def test_our_containers_are_read_only_and_without_capabilities() -> None:
    found = services(FILLED_IN)
    assert [(found[n]["read_only"], found[n]["cap_drop"]) for n in OURS] == [(True, ["ALL"])] * 4
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_example_names_every_setting() -> None:
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
