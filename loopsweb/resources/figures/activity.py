"""Whether a row is in use, by its last sign of work, and the words for that."""

from __future__ import annotations

from loopsweb.resources.figures.measured_work import SEEMS_IDLE_AFTER
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import Costed

SIGNS = {
    "created": "it was created",
    "status": "its status changed",
    "checkpoint": "its newest checkpoint",
    "requests": "it served a request",
    "serving": "it served requests",
    "gpu": "its GPUs were busy",
    "busy": "its GPUs were busy",
}


def name_sign(sign: str) -> str:
    """What the last sign of work was, after "since"; "" where there is none."""
    return SIGNS.get(sign, "")


def is_active(row: Costed) -> bool:
    """True if it worked when that was last looked at, or not long enough ago to look again."""
    is_recent = row.idle_for is not None and row.idle_for < SEEMS_IDLE_AFTER
    return bool(row.gpus != 0 and row.last_work_at and (row.is_working or is_recent))


def is_use_unknown(row: Costed) -> bool:
    """True of a sampler without a pair that may hold GPUs."""
    is_alone = isinstance(row, Sampler) and not row.run_remote_id
    return is_alone and row.gpus != 0 and row.last_work_at is None
