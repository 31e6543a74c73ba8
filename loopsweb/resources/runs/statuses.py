from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

RUN = Vocabulary(
    "runs",
    Status(
        "ACTIVE",
        "good",
        "The run is up and takes training steps from a client.",
        "It keeps running when the training script is closed. To stop it, deactivate it.",
        variant=2,
    ),
    Status(
        "INACTIVE",
        "ended",
        "The run has ended and cannot be resumed. Its saved checkpoints stay.",
        "To continue, create a run that resumes from one of its trainer checkpoints, if any.",
        terminal=True,
        variant=2,
    ),
)
