"""Logs and metrics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.simulation import DEFAULT_NOW
from tests.simulator.http_calls import send_request

PATH = "/v1/loops/deployments/d"
HOUR = timedelta(hours=1)


def to_millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.fixture
def live(sim: Simulator) -> Simulator:
    """A deployment `d` of two nodes that is a day old."""
    sim.world.clear()
    sim.world.add_deployment(id="d", created_at=DEFAULT_NOW - 24 * HOUR, node_count=2)
    return sim


def get_logs(simulator: Simulator, query: str = "") -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = send_request(simulator, f"GET {PATH}/logs{query}").json()["logs"]
    return lines


def test_logs_are_the_last_half_hour_newest_first(live: Simulator) -> None:
    lines = get_logs(live)
    stamps = [int(line["timestamp"]) for line in lines]
    assert stamps == sorted(stamps, reverse=True)
    assert stamps[0] == to_millis(DEFAULT_NOW) * 1_000_000
    assert stamps[-1] == to_millis(DEFAULT_NOW - HOUR / 2) * 1_000_000
    assert len(lines) == 361


def test_logs_do_not_change(live: Simulator) -> None:
    start, end = to_millis(DEFAULT_NOW - HOUR), to_millis(DEFAULT_NOW)
    window = f"?start_epoch_millis={start}&end_epoch_millis={end}"
    before = get_logs(live, window)
    live.advance(600)
    assert get_logs(live, window) == before
    assert get_logs(live) != before


def test_ascending_logs_start_at_the_start(live: Simulator) -> None:
    newest_first = get_logs(live, "?limit=1000")
    assert get_logs(live, "?direction=asc&limit=1000") == newest_first[::-1]
    assert get_logs(live, "?direction=asc&limit=3") == newest_first[::-1][:3]
    assert get_logs(live, "?limit=3") == newest_first[:3]


def test_five_hundred_lines_are_the_default(live: Simulator) -> None:
    assert len(get_logs(live, f"?start_epoch_millis={to_millis(DEFAULT_NOW - HOUR)}")) == 500


def test_logs_are_filtered_by_level(live: Simulator) -> None:
    window = f"start_epoch_millis={to_millis(DEFAULT_NOW - HOUR)}&limit=1000"
    every = get_logs(live, f"?{window}")
    assert {line["level"] for line in every} == {"DEBUG", "INFO", "WARNING", None}
    assert get_logs(live, f"?{window}&min_level=DEBUG") == [line for line in every if line["level"]]
    warnings = get_logs(live, f"?{window}&min_level=WARNING")
    assert warnings == [line for line in every if line["level"] == "WARNING"]


def test_an_ended_deployment_has_a_final_line(live: Simulator) -> None:
    deployment = live.world.deployments["d"]
    live.lifecycle.end_deployment(deployment, "FAILED")
    live.advance(600)
    last = get_logs(live)[0]
    assert (last["level"], last["timestamp"]) == ("ERROR", str(to_millis(DEFAULT_NOW) * 1_000_000))
    assert last["message"].startswith("CUDA out of memory")
    assert get_logs(live, "?min_level=ERROR") == [last]
    assert get_logs(live, "?min_level=ERROR&direction=asc") == [last]
    assert get_logs(live, "?direction=asc")[-1] == last


def test_there_are_no_logs_before_the_start(live: Simulator) -> None:
    end = to_millis(DEFAULT_NOW - 25 * HOUR)
    assert get_logs(live, f"?end_epoch_millis={end}") == []


@pytest.fixture
def saves(live: Simulator) -> Simulator:
    """`d` saved a checkpoint every ten minutes, until an hour ago."""
    world = live.world
    run = world.add_run(
        id="r", created_at=DEFAULT_NOW - 2 * HOUR, deployment=world.deployments["d"]
    )
    world.deployments["d"].created_at = run.created_at
    for minutes in range(10, 70, 10):
        at = run.created_at + timedelta(minutes=minutes)
        world.add_checkpoint(run=run, name=f"step-{minutes}", created_at=at)
    return live


def test_a_deployment_is_idle_after_its_last_save(saves: Simulator) -> None:
    start = to_millis(DEFAULT_NOW - 2 * HOUR)
    points = get_metrics(saves, {"start_epoch_millis": start, "step_seconds": 300})
    used = [[p["value"] > 0 for p in rank] for rank in points["gpu_utilization"].values()]
    assert used == [[False] + [True] * 15 + [False] * 9] * len(used)
    assert all(p["value"] > 0 for rank in points["gpu_memory_usage_bytes"].values() for p in rank)
    assert [one["value"] for one in points["inference_volume"][-9:]] == [0] * 9
    refused = [one["status_4xx"] > 0 for one in points["inference_volume_by_status"]]
    assert refused == used[0]
    assert len(points["response_time_stats"]) == 15
    assert [line["message"] for line in get_logs(saves, "?limit=2")] == [
        f"waiting for a client: no operation for {minutes} min" for minutes in (45, 44)
    ]


def test_what_is_known_to_be_idle_does_nothing(live: Simulator) -> None:
    live.world.deployments["d"].idle_since = DEFAULT_NOW - HOUR / 4
    [used, *_] = get_metrics(live, {"step_seconds": 300})["gpu_utilization"].values()
    assert [point["value"] > 0 for point in used] == [True] * 3 + [False] * 4


def test_a_save_is_logged_with_its_signed_address(saves: Simulator) -> None:
    at = to_millis(DEFAULT_NOW - HOUR)
    window = f"?start_epoch_millis={at}&end_epoch_millis={at}&direction=asc"
    _, saved, put = (line["message"] for line in get_logs(saves, window))
    assert saved.startswith("saved bt://loops:r/weights/step-60")
    assert "X-Amz-Signature=" in put


def test_a_start_is_logged(saves: Simulator) -> None:
    start = to_millis(DEFAULT_NOW - 2 * HOUR)
    lines = get_logs(saves, f"?start_epoch_millis={start}&direction=asc&limit=24")
    assert lines[0]["message"] == "pulling image: 0 %"
    assert lines[-1]["message"].endswith("shard 20 of 20")


def test_logs_can_be_given(live: Simulator) -> None:
    line = {"timestamp": "1", "message": "<script>", "replica": None, "level": "ERROR"}
    other = line | {"message": "later", "level": None}
    live.world.deployments["d"].logs = [other, line]
    assert get_logs(live) == [other, line]
    assert get_logs(live, "?direction=asc") == [line, other]
    assert get_logs(live, "?min_level=ERROR") == [line]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=x",
        "direction=up",
        "min_level=FATAL",
        "start_epoch_millis=-1",
        "start_epoch_millis=x",
        "start_epoch_millis=999999999999999999",
        f"start_epoch_millis={to_millis(DEFAULT_NOW + HOUR)}",
        f"start_epoch_millis={to_millis(DEFAULT_NOW - timedelta(days=7, seconds=1))}",
    ],
)
def test_an_invalid_query_is_400(live: Simulator, query: str) -> None:
    assert send_request(live, f"GET {PATH}/logs?{query}").status_code == 400


def get_metrics(simulator: Simulator, body: Any) -> Any:
    return send_request(simulator, f"POST {PATH}/metrics", body).json()["metrics"]


def test_series_are_aligned_and_do_not_change(live: Simulator) -> None:
    body = {
        "start_epoch_millis": to_millis(DEFAULT_NOW - HOUR),
        "end_epoch_millis": to_millis(DEFAULT_NOW),
        "step_seconds": 600,
    }
    before = get_metrics(live, body)
    assert [point["timestamp"] for point in before["cpu_usage"]] == [
        f"2026-05-07T{at}:00Z"
        for at in ("09:00", "09:10", "09:20", "09:30", "09:40", "09:50", "10:00")
    ]
    live.advance(3600)
    assert get_metrics(live, body) == before


def test_every_series_has_realistic_values(live: Simulator) -> None:
    metrics = get_metrics(live, {})
    assert sorted(metrics) == [
        "concurrent_requests",
        "cpu_memory_usage_bytes",
        "cpu_usage",
        "ephemeral_storage",
        "gpu_memory_usage_bytes",
        "gpu_utilization",
        "inference_volume",
        "inference_volume_by_status",
        "per_node_metrics",
        "response_time_stats",
    ]
    used = [point["value"] for series in metrics["gpu_utilization"].values() for point in series]
    assert 0 <= min(used) <= max(used) <= 1
    machine = live.world.deployments["d"].instance_type
    assert len(metrics["gpu_utilization"]) == machine.gpu_count
    per_gpu = (machine.gpu_memory_limit_mib or 0) * 1024**2 / machine.gpu_count
    held = [
        point["value"] for series in metrics["gpu_memory_usage_bytes"].values() for point in series
    ]
    assert max(held) <= per_gpu
    assert [node["node_id"] for node in metrics["per_node_metrics"]] == ["d-0", "d-1"]


def test_series_end_with_the_deployment(live: Simulator) -> None:
    live.lifecycle.end_deployment(live.world.deployments["d"], "STOPPED")
    live.advance(3600)
    assert get_metrics(live, {})["cpu_usage"] == []


def test_a_fine_step_over_a_long_window_is_increased(live: Simulator) -> None:
    body = {"start_epoch_millis": to_millis(DEFAULT_NOW - 24 * HOUR), "step_seconds": 1}
    assert len(get_metrics(live, body)["cpu_usage"]) == 715


@pytest.mark.parametrize(
    "body",
    [
        {"step_seconds": 0},
        {"step_seconds": "60"},
        {"start_epoch_millis": "1"},
        {"start_epoch_millis": 0},
        {"start_epoch_millis": to_millis(DEFAULT_NOW + HOUR)},
        [],
    ],
)
def test_an_invalid_body_is_400(live: Simulator, body: Any) -> None:
    assert send_request(live, f"POST {PATH}/metrics", body).status_code == 400
