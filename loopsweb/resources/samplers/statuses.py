from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

SAMPLER = Vocabulary(
    "samplers",
    Status("BUILDING", "busy", "Its image is being built.", "Wait."),
    Status("DEPLOYING", "busy", "It is starting on its machines.", "Wait."),
    Status("LOADING_MODEL", "busy", "It is running and loading the model's weights.", "Wait."),
    Status("ACTIVE", "good", "It answers sampling requests.", "It uses its GPUs meanwhile."),
    Status("UPDATING", "busy", "It is switching to new weights or settings.", "Wait."),
    Status(
        "WAKING_UP", "busy", "It was scaled to zero and is starting again for a request.", "Wait."
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
    ),
    Status("DEACTIVATING", "busy", "It is stopping.", "Wait for INACTIVE.", ending=True),
    Status(
        "INACTIVE", "ended", "It has ended and uses no GPUs.", "Create a new one.", terminal=True
    ),
    Status(
        "BUILD_FAILED",
        "bad",
        "Its image could not be built, so it never ran.",
        "Create it again. If that fails too, give its ID to Baseten support.",
        terminal=True,
    ),
    Status(
        "BUILD_STOPPED",
        "ended",
        "The build of its image was stopped, so it never ran.",
        "Create it again.",
        terminal=True,
    ),
    Status(
        "DEPLOY_FAILED",
        "bad",
        "It could not start on its machines.",
        "Create it again. If that fails too, give its ID to Baseten support.",
        terminal=True,
    ),
    Status(
        "FAILED",
        "bad",
        "It failed.",
        "Create a new one from the same sampler checkpoint.",
        terminal=True,
    ),
)
