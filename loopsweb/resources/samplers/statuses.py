from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

SAMPLER = Vocabulary(
    "samplers",
    Status("BUILDING", "busy", "Its image is being built.", "Wait.", variant=3),
    Status("DEPLOYING", "busy", "It is starting on its machines.", "Wait."),
    Status(
        "LOADING_MODEL",
        "busy",
        "It is running and loading the model's weights.",
        "Wait.",
        variant=4,
    ),
    Status(
        "ACTIVE", "good", "It answers sampling requests.", "It uses its GPUs meanwhile.", variant=2
    ),
    Status("UPDATING", "busy", "It is switching to new weights or settings.", "Wait.", variant=5),
    Status(
        "WAKING_UP",
        "busy",
        "It was scaled to zero and is starting again for a request.",
        "Wait.",
        variant=6,
    ),
    Status(
        "SCALED_TO_ZERO",
        "idle",
        "It was idle and released its GPUs.",
        "It uses no GPUs. The next request wakes it up, which takes a while.",
        holds_gpus=False,
    ),
    Status(
        "UNHEALTHY",
        "warn",
        "It is running but fails its health checks.",
        "It may recover by itself. If it does not, deactivate it: it still uses its GPUs.",
        variant=2,
    ),
    Status("DEACTIVATING", "busy", "It is stopping.", "Wait for INACTIVE.", ending=True, variant=7),
    Status(
        "INACTIVE",
        "ended",
        "It has ended and uses no GPUs.",
        "Create a new one.",
        terminal=True,
        variant=2,
    ),
    Status(
        "BUILD_FAILED",
        "bad",
        "Its image could not be built, so it never ran.",
        "Create it again. If that fails too, give its ID to Baseten support.",
        terminal=True,
        variant=2,
    ),
    Status(
        "BUILD_STOPPED",
        "ended",
        "The build of its image was stopped, so it never ran.",
        "Create it again.",
        terminal=True,
        variant=3,
    ),
    Status(
        "DEPLOY_FAILED",
        "bad",
        "It could not start on its machines.",
        "Create it again. If that fails too, give its ID to Baseten support.",
        terminal=True,
        variant=3,
    ),
    Status(
        "FAILED",
        "bad",
        "It failed.",
        "Create a new one from the same sampler checkpoint.",
        terminal=True,
    ),
)
