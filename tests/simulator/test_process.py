"""The simulator as a process, over real HTTP."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "loopsweb.simulator"]


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "--port", "0", "--time-scale", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as started:
        yield started
        started.kill()


@pytest.fixture(scope="module")
def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = re.fullmatch(
        r"Simulated Loops API on (http://127\.0\.0\.1:\d+)"
        r" with the keys demo-org-key, demo-own-key, demo-other-key\n",
        process.stdout.readline(),
    )
    assert said is not None
    return said[1]


@pytest.fixture
def http(address: str) -> Iterator[httpx.Client]:
    headers = {"Authorization": "Api-Key demo-org-key"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
        client.post("/_simulator/reset")
        yield client


def test_the_clock_is_real(http: httpx.Client) -> None:
    runs = http.get("/v1/loops/runs").json()["runs"]
    begun = [datetime.fromisoformat(run["created_at"]) for run in runs]
    now = datetime.now(UTC)
    assert len(runs) == 8
    assert timedelta(0) <= now - max(begun) < timedelta(minutes=5)


def test_statuses_change_by_themselves(http: httpx.Client) -> None:
    before = http.get("/v1/loops/deployments?scope=org").content
    given_up = time.monotonic() + 30
    while http.get("/v1/loops/deployments?scope=org").content == before:
        assert time.monotonic() < given_up
        time.sleep(0.1)


def test_a_file_is_downloaded(http: httpx.Client, address: str) -> None:
    run = http.get("/v1/loops/runs").json()["runs"][0]["id"]
    checkpoints = http.get("/v1/loops/checkpoints", params={"run_id": run}).json()["checkpoints"]
    saved = next(one for one in checkpoints if one["target"] == "sampler")
    model, config = http.get(f"/v1/loops/checkpoints/{saved['id']}/files").json()["presigned_urls"]
    assert config["url"].startswith(f"{address}/_simulator/files/")
    with httpx.Client(trust_env=False) as plain:
        assert len(plain.get(config["url"]).content) == config["size_bytes"]
        assert len(plain.get(model["url"]).content) == model["size_bytes"]


def test_a_reset_cuts_the_connection(http: httpx.Client) -> None:
    http.post("/_simulator/faults", json={"route": "*", "mode": "reset"})
    with pytest.raises(httpx.RemoteProtocolError):
        http.get("/v1/loops/runs")
    assert http.get("/v1/loops/runs").status_code == 200


def test_a_slow_response_blocks_no_other(http: httpx.Client, address: str) -> None:
    fault = {"route": "GET /v1/loops/runs", "mode": "slow", "seconds": 3, "count": 4}
    http.post("/_simulator/faults", json=fault)
    answered: list[int] = []

    def wait() -> None:
        runs = f"{address}/v1/loops/runs"
        answer = httpx.get(runs, headers=http.headers, timeout=240, trust_env=False)
        answered.append(answer.status_code)

    waiting = [threading.Thread(target=wait) for _ in range(4)]
    for one in waiting:
        one.start()
    assert http.get("/v1/loops/samplers").status_code == 200
    assert answered == []
    for one in waiting:
        one.join()
    assert answered == [200] * 4


def test_a_port_in_use_prints_one_line(address: str) -> None:
    port = address.rpartition(":")[2]
    second = subprocess.run(
        [*COMMAND, "--port", port],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=ROOT,
    )
    assert (second.returncode, second.stdout, second.stderr) == (
        1,
        "",
        f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n",
    )


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_is_in_brackets(host: str) -> None:
    with subprocess.Popen(
        [*COMMAND, "--host", host, "--port", "0", "--runs", "2"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as started:
        try:
            assert started.stdout is not None
            address = started.stdout.readline().split()[4]
            assert re.fullmatch(r"http://\[::1\]:\d+", address)
            headers = {"Authorization": "Api-Key demo-org-key"}
            with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
                run = client.get("/v1/loops/runs").json()["runs"][0]
                listed = client.get("/v1/loops/checkpoints", params={"run_id": run["id"]}).json()
                saved = listed["checkpoints"][0]
                files = client.get(f"/v1/loops/checkpoints/{saved['id']}/files").json()
        finally:
            started.kill()
    assert files["presigned_urls"][0]["url"].startswith(f"{address}/_simulator/files/")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_process(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as started:
        assert started.stdout is not None
        started.stdout.readline()
        started.send_signal(number)
        _, said = started.communicate(timeout=60)
    assert (started.returncode, said) == (0, "")


def test_no_other_package_is_imported() -> None:
    code = "import sys, loopsweb.simulator.__main__; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert {name.partition(".")[0] for name in loaded} & {"django", "celery", "httpx"} == set()
    ours = {name.split(".")[1] for name in loaded if name.startswith("loopsweb.")}
    assert ours == {"simulator"}
