"""Statuses of the API and what each means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Tone = Literal["good", "busy", "idle", "warn", "bad", "ended", "unknown"]


@dataclass(frozen=True)
class Status:
    """`tone` gives colour and shape, `variant` a pattern in pictures, where several share a tone.
    `meaning` says what it is, `advice` what to do about it.
    `label`: the text of its badge, by default the word.
    `terminal`: it does not change any more, and no GPUs are held whatever `holds_gpus` says.
    `ending`: it is on its way to a terminal one."""

    word: str
    tone: Tone
    meaning: str
    advice: str = ""
    terminal: bool = False
    holds_gpus: bool = True
    ending: bool = False
    label: str = ""
    variant: int = 1


class Vocabulary:
    """The known statuses of one noun. Unknown words are kept as they are."""

    def __init__(self, noun: str, *statuses: Status) -> None:
        self.noun = noun
        self.statuses = {status.word: status for status in statuses}

    def __iter__(self) -> Iterator[Status]:
        return iter(self.statuses.values())

    @cached_property
    def terminal(self) -> frozenset[str]:
        return frozenset(status.word for status in self if status.terminal)

    @cached_property
    def passing(self) -> frozenset[str]:
        """The words of what is on its way to another one."""
        return frozenset(status.word for status in self if status.tone == "busy")

    @cached_property
    def without_gpus(self) -> frozenset[str]:
        """The words under which no GPUs are held."""
        return self.terminal | {status.word for status in self if not status.holds_gpus}

    @cached_property
    def starting(self) -> frozenset[str]:
        """The words of what does not work yet."""
        return self.passing - {status.word for status in self if status.ending}

    @cached_property
    def without_work(self) -> frozenset[str]:
        """The words to which a change is no sign of work: "" is an unknown status."""
        return self.without_gpus | {"", *(status.word for status in self if status.ending)}

    def get(self, word: str) -> Status:
        return self.statuses.get(word) or Status(
            word, "unknown", "loopsweb does not know this status."
        )

    def anchor(self, word: str) -> str:
        """The fragment of the help page that explains it."""
        return f"{self.noun}-{word.lower()}" if word in self.statuses else f"{self.noun}-other"
