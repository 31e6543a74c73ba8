from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

DEPLOYMENT = Vocabulary(
    "deployments",
    Status(
        "CREATED",
        "busy",
        "The training pair has been asked for and waits to be placed on machines.",
        "Wait. If it stays so for long, the GPUs it asks for may not be free.",
    ),
    Status(
        "DEPLOYING",
        "busy",
        "Trainer and sampler are starting on their GPUs and load the base model.",
        "Wait. It holds its GPUs already.",
    ),
    Status(
        "RUNNING",
        "good",
        "The training pair holds its GPUs and answers.",
        "Between training steps it holds them too. Deactivate it when it is no longer needed.",
    ),
    Status(
        "SCALED_TO_ZERO",
        "idle",
        "It had nothing to do for its scale-down delay and gave its GPUs back.",
        "Nothing is held. The next training step wakes it up.",
    ),
    Status(
        "FAILED",
        "bad",
        "It broke and has ended. Its run cannot be resumed; saved checkpoints stay.",
        "Look at the training script's errors, then start a new run from the newest trainer "
        "checkpoint.",
        terminal=True,
    ),
    Status(
        "STOPPED",
        "ended",
        "Somebody ended it. Its run cannot be resumed; saved checkpoints stay.",
        "Who did it from here stands on the audit page.",
        terminal=True,
    ),
    Status(
        "PREEMPTED",
        "warn",
        "Its spot machines were taken away. Its run cannot be resumed; saved checkpoints stay.",
        "Start a new run from the newest trainer checkpoint, on dedicated machines if it must "
        "not happen again.",
        terminal=True,
    ),
)
