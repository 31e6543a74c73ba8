from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

RUN = Vocabulary(
    "runs",
    Status(
        "ACTIVE",
        "good",
        "The run is there and takes training steps when a client sends them.",
        "It goes on when the training script is closed. To end it, deactivate it.",
    ),
    Status(
        "INACTIVE",
        "ended",
        "The run has ended. It cannot be resumed; the checkpoints it saved stay.",
        "To go on from where it was, create a run with the path of one of its trainer checkpoints.",
        terminal=True,
    ),
)
