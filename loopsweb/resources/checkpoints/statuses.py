from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

SYNC = Vocabulary(
    "checkpoints",
    Status(
        "SYNCING",
        "busy",
        "The run is still copying it to storage; it is not safe yet.",
        "Wait until it says COMPLETE before you end the run, or it may be lost.",
    ),
    Status(
        "COMPLETE",
        "good",
        "All of it is in storage. It stays when its run ends.",
        "It can be downloaded, sampled from or trained on from, by its target.",
    ),
)
