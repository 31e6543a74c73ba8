from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

SAMPLER = Vocabulary(
    "samplers",
    Status("BUILDING", "busy", "Its image is being built.", "Wait."),
    Status("DEPLOYING", "busy", "It is being placed on machines.", "Wait."),
    Status("LOADING_MODEL", "busy", "It runs and is loading the model's weights.", "Wait."),
    Status("ACTIVE", "good", "It answers sampling requests.", "It holds its GPUs while it does."),
    Status("UPDATING", "busy", "It is taking on new weights or settings.", "Wait."),
    Status(
        "WAKING_UP", "busy", "It was scaled to zero and is starting again for a request.", "Wait."
    ),
    Status(
        "SCALED_TO_ZERO",
        "idle",
        "It had nothing to do and gave its GPUs back.",
        "Nothing is held. The next request wakes it up, which takes a while.",
    ),
    Status(
        "UNHEALTHY",
        "warn",
        "It runs, but does not answer its health checks.",
        "It may recover by itself. If it does not, its GPUs are held for nothing: look into it.",
    ),
    Status("DEACTIVATING", "busy", "It is being ended.", "Wait until it says INACTIVE."),
    Status(
        "INACTIVE", "ended", "It has ended and holds nothing.", "Create a new one.", terminal=True
    ),
    Status(
        "BUILD_FAILED",
        "bad",
        "Its image could not be built, so it never ran.",
        "Create it again; if it fails again, tell the API's support its ID.",
        terminal=True,
    ),
    Status(
        "BUILD_STOPPED",
        "ended",
        "Building its image was stopped, so it never ran.",
        "Create it again.",
        terminal=True,
    ),
    Status(
        "DEPLOY_FAILED",
        "bad",
        "It could not be started on its machines.",
        "Create it again; if it fails again, tell the API's support its ID.",
        terminal=True,
    ),
    Status(
        "FAILED",
        "bad",
        "It broke and has ended.",
        "Create a new one from the same sampler checkpoint.",
        terminal=True,
    ),
)
