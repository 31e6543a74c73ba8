"""The site keeps working while the API slows down, disappears and comes back."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests import processes
from tests.processes import single_process_environment, start_simulator, start_site, wait_for
from tests.servers import find_free_port
from tests.visitor import open_visitor

PAGES = ("", "runs/", "samplers/", "checkpoints/", "deployments/", "sessions/", "audit/")
FAILING = "The API has been failing since"


def test_a_slow_then_missing_api_recovers(tmp_path: Path) -> None:
    port = str(find_free_port())
    api = f"http://127.0.0.1:{port}"
    with start_site(tmp_path, single_process_environment(tmp_path, api=api)) as site:
        processes.create_admin("ada@example.com", environment=site.environment)
        with open_visitor(
            site.address, email="ada@example.com", password=processes.PASSWORD
        ) as visitor:

            def runs() -> str:
                return visitor.get("/w/ada/runs/").text

            with start_simulator(tmp_path, "--port", port):
                visitor.submit("/keys/", name="Mine", secret="demo-org-key")
                wait_for(lambda: "Qwen/Qwen3-8B" in runs())
                slow = {"route": "*", "mode": "slow", "seconds": 5, "count": None}
                httpx.post(f"{api}/_simulator/faults", json=slow).raise_for_status()
                for page in PAGES:
                    asked_at = time.monotonic()
                    assert visitor.get(f"/w/ada/{page}").status_code == 200
                    assert time.monotonic() - asked_at < 2, page
            wait_for(lambda: FAILING in runs())
            assert "Qwen/Qwen3-8B" in runs()
            with start_simulator(tmp_path, "--port", port):
                wait_for(lambda: FAILING not in runs())
                assert "Qwen/Qwen3-8B" in runs()
