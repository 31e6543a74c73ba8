"""The metrics of a deployment as series of {timestamp, value}."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from loopsweb.simulator.entities import Deployment
from loopsweb.simulator.log_messages import hash_to_fraction
from loopsweb.simulator.serialization import format_timestamp
from loopsweb.simulator.work_periods import WorkPeriods

GIB = 1024**3


def generate_metrics(
    deployment: Deployment, work: WorkPeriods, moments: list[float]
) -> dict[str, Any]:
    """Every series at these moments, in seconds since 1970. While it idles, its GPUs hold their
    memory and do nothing, and nobody asks it anything."""

    def series(value: Callable[[float], float]) -> list[dict[str, Any]]:
        return [{"timestamp": format_epoch(at), "value": value(at)} for at in moments]

    working = {at: work.find_idle_start(at) is None and not work.is_starting(at) for at in moments}

    def held(at: float, word: str = "") -> float:
        wave = 0.5 + 0.5 * math.sin(at / 170 + 6 * hash_to_fraction(deployment, word))
        return round(0.55 + 0.35 * wave + 0.1 * hash_to_fraction(deployment, f"{word}{at:.0f}"), 4)

    def busy(at: float, word: str = "") -> float:
        return held(at, word) if working[at] else 0.0

    def volume(at: float) -> float:
        return round(14 * busy(at, "volume"), 3)

    return {
        "inference_volume": series(volume),
        "concurrent_requests": series(lambda at: round(6 * busy(at, "queue"))),
        "response_time_stats": [
            {"timestamp": format_epoch(at), "p50": p50, "p95": round(p50 * 2.4, 1), "p99": p50 * 4}
            for at in moments
            if working[at]
            for p50 in (round(180 * busy(at, "latency"), 1),)
        ],
        "inference_volume_by_status": [
            {
                "timestamp": format_epoch(at),
                "status_2xx": volume(at),
                "status_4xx": round(0.05 * busy(at, "4xx"), 4),
                "status_5xx": 0.0,
            }
            for at in moments
        ],
        **generate_node_metrics(deployment, series, busy, held, node=0),
        "per_node_metrics": [
            {"node_id": f"{deployment.id}-{node}"}
            | generate_node_metrics(deployment, series, busy, held, node=node)
            for node in range(deployment.node_count if deployment.node_count > 1 else 0)
        ],
    }


def generate_node_metrics(
    deployment: Deployment,
    series: Callable[[Callable[[float], float]], list[dict[str, Any]]],
    busy: Callable[[float, str], float],
    held: Callable[[float, str], float],
    *,
    node: int,
) -> dict[str, Any]:
    """The series of one node: GPUs, CPUs, memory and disk."""
    kind = deployment.instance_type
    per_gpu = (kind.gpu_memory_limit_mib or 0) * 1024**2 // max(kind.gpu_count, 1)
    ranks = [str(rank) for rank in range(kind.gpu_count)]
    return {
        "gpu_memory_usage_bytes": {
            rank: series(lambda at, rank=rank: int(per_gpu * held(at, f"memory{node}{rank}")))  # type: ignore[misc]
            for rank in ranks
        },
        "gpu_utilization": {
            rank: series(lambda at, rank=rank: min(busy(at, f"gpu{node}{rank}"), 1.0))  # type: ignore[misc]
            for rank in ranks
        },
        "cpu_usage": series(
            lambda at: round(kind.millicpu_limit / 4000 * busy(at, f"cpu{node}"), 2)
        ),
        "cpu_memory_usage_bytes": series(
            lambda at: int(kind.memory_limit_mib * 1024**2 * 0.4 * held(at, f"ram{node}"))
        ),
        "ephemeral_storage": {
            "usage_bytes": series(lambda at: int(200 * GIB * held(at, f"disk{node}"))),
            "utilization": series(lambda at: round(0.4 * held(at, f"disk{node}"), 4)),
        },
    }


def format_epoch(at: float) -> str:
    return format_timestamp(datetime.fromtimestamp(at, UTC))
