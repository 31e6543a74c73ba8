"""bt:// URIs: where a checkpoint's weights are.

`bt://loops:<run>/weights/<name>` are trainer weights, `bt://loops:<run>/sampler_weights/<name>`
sampler weights. The older scheme word `trainers` is understood and rewritten as `loops`.
Names stand as they are, unescaped: unicode and spaces inside are fine. Everything after the
target is the name, slashes included, for `/` cannot occur in a run id. What a URI on one line
cannot carry is refused: control characters, line separators, white space at either end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TRAINER = "trainer"
SAMPLER = "sampler"

_SEGMENT_OF_TARGET = {TRAINER: "weights", SAMPLER: "sampler_weights"}
_TARGET_OF_SEGMENT = {segment: target for target, segment in _SEGMENT_OF_TARGET.items()}
_FORM = re.compile(
    r"bt://(?:loops|trainers):(?P<run_id>[^/]+)/(?P<segment>weights|sampler_weights)/(?P<name>.+)"
)


@dataclass(frozen=True, slots=True)
class CheckpointURI:
    """run_id: the run that saved it. target: `trainer` or `sampler`. name: such as step-100.

    Raises ValueError, with a sentence for people, for parts that make no URI.
    """

    run_id: str
    target: str
    name: str

    def __post_init__(self) -> None:
        if self.target not in _SEGMENT_OF_TARGET:
            raise ValueError(f"A checkpoint's target is trainer or sampler, not {self.target!r}.")
        if not _fits(self.run_id) or "/" in self.run_id:
            raise ValueError("A run ID is text without slashes, line breaks or outer spaces.")
        if not _fits(self.name):
            raise ValueError("A checkpoint name is text without line breaks or outer spaces.")

    def __str__(self) -> str:
        return f"bt://loops:{self.run_id}/{_SEGMENT_OF_TARGET[self.target]}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> CheckpointURI:
        """Read a URI; white space around it is ignored."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                "A checkpoint URI looks like bt://loops:<run id>/weights/<name> "
                "or bt://loops:<run id>/sampler_weights/<name>."
            )
        return cls(found["run_id"], _TARGET_OF_SEGMENT[found["segment"]], found["name"])


def _fits(part: str) -> bool:
    one_line = len(part.splitlines()) == 1 and not any(c < " " or c == "\x7f" for c in part)
    return one_line and part == part.strip()
