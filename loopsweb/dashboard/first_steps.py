"""What leads from an empty workspace to its first row, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.urls import reverse

from loopsweb.accounts.models import Workspace
from loopsweb.resources.pages.freshness import Freshness

UNREAD = "loopsweb asks with the key every few seconds. This page updates by itself."


@dataclass(frozen=True)
class Step:
    """state: "now" is the one to take; of the others it says whether they are done."""

    title: str
    text: str
    state: Literal["done", "now", "later"]
    url: str = ""
    verb: str = ""


def list_first_steps(
    workspace: Workspace, freshness: Freshness, *, has_key: bool, has_runs: bool
) -> list[Step]:
    """All of them until the first run is there; then none."""
    if has_runs:
        return []
    feed, place = freshness.of("runs"), [workspace.slug]
    is_read = feed.as_of is not None
    steps: list[tuple[bool, str, str, str, str]] = [
        (
            True,
            f"Team {workspace.team.name}",
            "It shares what its keys see. Others join by invitation.",
            reverse("teams:detail", args=[workspace.team_id]),
            "Open the team",
        ),
        (
            has_key,
            "An API key",
            "loopsweb reads what an API key of Baseten can see, and stores it encrypted.",
            reverse("keys:add"),
            "Add key",
        ),
        (is_read, "The first answer of the API", feed.error or UNREAD, "", ""),
        (
            False,
            "The first run",
            "Create one here or start a training script. It appears here by itself.",
            reverse("runs:create", args=place),
            "New run",
        ),
    ]
    following = next(number for number, step in enumerate(steps) if not step[0])
    return [
        Step(title, text, "done" if done else "now" if number == following else "later", url, verb)
        for number, (done, title, text, url, verb) in enumerate(steps)
    ]
