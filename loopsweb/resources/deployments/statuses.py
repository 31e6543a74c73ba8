from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

DEPLOYMENT = Vocabulary(
    "deployments",
    Status(
        "CREATED",
        "busy",
        "The training pair was requested and waits for machines.",
        "Wait. If this takes long, the GPUs it needs may not be available.",
        variant=2,
    ),
    Status(
        "DEPLOYING",
        "busy",
        "Trainer and sampler are starting on their GPUs and loading the base model.",
        "Wait. It already uses its GPUs.",
    ),
    Status(
        "RUNNING",
        "good",
        "The training pair is up and uses its GPUs.",
        "It uses them between training steps too. Deactivate it when it is no longer needed.",
    ),
    Status(
        "SCALED_TO_ZERO",
        "idle",
        "It was idle for its scale-down delay and released its GPUs.",
        "It uses no GPUs. The next training step wakes it up.",
        holds_gpus=False,
    ),
    Status(
        "FAILED",
        "bad",
        "It failed. Its run cannot be resumed; saved checkpoints stay.",
        "Check the training script's errors, then start a new run, from the newest trainer "
        "checkpoint if there is one.",
        terminal=True,
    ),
    Status(
        "STOPPED",
        "ended",
        "It was stopped. Its run cannot be resumed; saved checkpoints stay.",
        "To continue, start a new run, from its newest trainer checkpoint if it has one.",
        terminal=True,
    ),
    Status(
        "PREEMPTED",
        "warn",
        "Its spot machines were reclaimed. Its run cannot be resumed; saved checkpoints stay.",
        "Start a new run, from the newest trainer checkpoint if there is one, and on dedicated "
        "machines if it must not happen again.",
        terminal=True,
    ),
)
