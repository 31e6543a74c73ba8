"""The API as a process that slows down, goes away and comes back under the real site."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests import processes
from tests.processes import embedded_environment, eventually, pretended_api, serving
from tests.servers import free_port
from tests.visitor import visiting

PAGES = ("", "runs/", "samplers/", "checkpoints/", "deployments/", "sessions/", "audit/")
FAILING = "The API has not answered as it should since"


def test_slow_then_gone_then_back(tmp_path: Path) -> None:
    port = str(free_port())
    api = f"http://127.0.0.1:{port}"
    with serving(tmp_path, embedded_environment(tmp_path, api=api)) as site:
        processes.make_admin("ada@example.com", environment=site.environment)
        with visiting(
            site.address, email="ada@example.com", password=processes.PASSWORD
        ) as visitor:

            def runs() -> str:
                return visitor.get("/w/ada/runs/").text

            with pretended_api(tmp_path, "--port", port):
                visitor.submit("/keys/", name="Mine", secret="demo-org-key")
                eventually(lambda: "Qwen/Qwen3-8B" in runs())
                slow = {"route": "*", "mode": "slow", "seconds": 5, "count": None}
                httpx.post(f"{api}/_simulator/faults", json=slow).raise_for_status()
                for page in PAGES:
                    asked_at = time.monotonic()
                    assert visitor.get(f"/w/ada/{page}").status_code == 200
                    assert time.monotonic() - asked_at < 2, page
            eventually(lambda: FAILING in runs())
            assert "Qwen/Qwen3-8B" in runs()
            with pretended_api(tmp_path, "--port", port):
                eventually(lambda: FAILING not in runs())
                assert "Qwen/Qwen3-8B" in runs()
