"""How far a request to end something has come, and what that means."""

from __future__ import annotations

from loopsweb.ui.statuses import Status, Vocabulary

DEACTIVATION = Vocabulary(
    "deactivations",
    Status(
        "waiting",
        "busy",
        "It waits for a second person. Nothing has been sent to the API.",
        "Somebody else who may deactivate can approve or decline it.",
    ),
    Status(
        "due", "busy", "It is about to be sent to the API.", "Until then anybody here can undo it."
    ),
    Status("requested", "busy", "It is being sent; the API has not answered yet.", "Wait."),
    Status(
        "succeeded",
        "good",
        "The API accepted it.",
        "It ends within a minute or two; what still runs a quarter of an hour later is told.",
    ),
    Status(
        "refused",
        "bad",
        "The API refused it, could not be reached, or accepted it without any effect.",
        "What the API said stands below; it can be asked for again.",
        terminal=True,
    ),
    Status(
        "unknown",
        "warn",
        "The API may have acted: its answer was lost.",
        "loopsweb keeps asking until it knows.",
    ),
    Status("confirmed", "good", "It was seen to have stopped.", terminal=True),
    Status("ended", "ended", "It ended, but not by being stopped.", terminal=True),
    Status(
        "lost",
        "unknown",
        "The API does not know it any more. Whether it stopped is not known.",
        "Look at what you are billed, or ask whoever runs the API.",
        terminal=True,
    ),
    Status("declined", "idle", "A second person did not agree. Nothing was sent.", terminal=True),
    Status("withdrawn", "idle", "It was taken back before it was sent.", terminal=True),
    Status(
        "expired", "idle", "Nobody decided in time, or it came too late to be sent.", terminal=True
    ),
)
