from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

OUTCOME = Vocabulary(
    "audit",
    Status(
        "requested",
        "busy",
        "Written down before anything was asked of the API.",
        "What became of it is the next event of the same incident.",
    ),
    Status("succeeded", "good", "The API accepted it, or it was done here."),
    Status("refused", "bad", "The API refused it, so nothing was changed."),
    Status(
        "unknown",
        "warn",
        "The API may have acted: its answer was lost.",
        "loopsweb keeps asking until it knows.",
    ),
    Status("confirmed", "good", "The result has been seen in the API's answers."),
    Status("observed", "idle", "Seen to happen without having been asked for from here."),
    Status("denied", "bad", "loopsweb did not let this person do it."),
    Status("approved", "good", "A second person agreed to what somebody asked for."),
    Status("declined", "idle", "A second person did not agree, so nothing was done."),
    Status("withdrawn", "idle", "Taken back before anything was asked of the API."),
    Status("expired", "idle", "Nobody decided in time, or it came too late: nothing was done."),
)
