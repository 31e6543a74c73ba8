from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

SYNC = Vocabulary(
    "checkpoints",
    Status(
        "SYNCING",
        "busy",
        "It is still being copied to storage and is not safe yet.",
        "Wait for COMPLETE before you stop the run, or it may be lost.",
        variant=8,
    ),
    Status(
        "COMPLETE",
        "good",
        "Saved. It stays when its run ends.",
        "Download it, or use it to resume training (trainer) or to sample (sampler).",
        variant=3,
    ),
)
