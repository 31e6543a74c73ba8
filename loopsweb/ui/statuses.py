"""Words the API uses for states, and what each means to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Tone = Literal["good", "busy", "idle", "warn", "bad", "ended", "unknown"]


@dataclass(frozen=True)
class Status:
    """`tone` gives colour and shape. `meaning` says what it is, `advice` what to do about it."""

    word: str
    tone: Tone
    meaning: str
    advice: str = ""
    terminal: bool = False


class Vocabulary:
    """The known statuses of one noun; a word nobody told us about stays itself."""

    def __init__(self, noun: str, *statuses: Status) -> None:
        self.noun = noun
        self.statuses = {status.word: status for status in statuses}

    def __iter__(self) -> Iterator[Status]:
        return iter(self.statuses.values())

    def of(self, word: str) -> Status:
        return self.statuses.get(word) or Status(
            word, "unknown", "The API says this; loopsweb does not know the word."
        )

    def anchor(self, word: str) -> str:
        """Where the help page explains it."""
        return f"{self.noun}-{word.lower()}" if word in self.statuses else f"{self.noun}-unknown"
