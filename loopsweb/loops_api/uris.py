"""bt:// URIs of checkpoints.

`bt://loops:<run>/weights/<name>` are trainer weights, `bt://loops:<run>/sampler_weights/<name>`
sampler weights. The older `bt://trainers:` is accepted and rewritten as `bt://loops:`. Names are
not escaped and may contain spaces and slashes, but no control characters, line separators or
white space at either end. A run ID contains no slash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TRAINER = "trainer"
SAMPLER = "sampler"

_SEGMENTS = {TRAINER: "weights", SAMPLER: "sampler_weights"}
TARGETS = {segment: target for target, segment in _SEGMENTS.items()}
_PATTERN = re.compile(
    r"bt://(?:loops|trainers):(?P<run_id>[^/]+)/(?P<segment>weights|sampler_weights)/(?P<name>.+)"
)


@dataclass(frozen=True, slots=True)
class CheckpointURI:
    """run_id: the run that saved it. target: `trainer` or `sampler`. name: such as step-100.

    Raises ValueError, with a message for the user, for parts that make no URI.
    """

    run_id: str
    target: str
    name: str

    def __post_init__(self) -> None:
        if self.target not in _SEGMENTS:
            raise ValueError(
                f"A checkpoint's target must be trainer or sampler, not {self.target!r}."
            )
        if not _is_valid_part(self.run_id) or "/" in self.run_id:
            raise ValueError("A run ID must be text without slashes, line breaks or outer spaces.")
        if not _is_valid_part(self.name):
            raise ValueError("A checkpoint name must be text without line breaks or outer spaces.")

    def __str__(self) -> str:
        return f"bt://loops:{self.run_id}/{_SEGMENTS[self.target]}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> CheckpointURI:
        """Parse a URI. White space around it is ignored. Raises ValueError."""
        found = _PATTERN.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                "A checkpoint URI looks like bt://loops:<run id>/weights/<name> "
                "or bt://loops:<run id>/sampler_weights/<name>."
            )
        return cls(found["run_id"], TARGETS[found["segment"]], found["name"])


def _is_valid_part(part: str) -> bool:
    one_line = len(part.splitlines()) == 1 and not any(c < " " or c == "\x7f" for c in part)
    return one_line and part == part.strip()
