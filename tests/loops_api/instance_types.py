"""An instance type, parsed and as the API sends it."""

from __future__ import annotations

from loopsweb.loops_api.types import InstanceType

H100 = InstanceType(
    id="h100x8",
    name="H100:8x",
    memory_limit_mib=1_900_544,
    millicpu_limit=190_000,
    gpu_count=8,
    gpu_type="H100",
    gpu_memory_limit_mib=81_920,
)
H100_RAW = {
    "id": "h100x8",
    "name": "H100:8x",
    "memory_limit_mib": 1_900_544,
    "millicpu_limit": 190_000,
    "gpu_count": 8,
    "gpu_type": "H100",
    "gpu_memory_limit_mib": 81_920,
}
