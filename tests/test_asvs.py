"""docs/asvs.md: what it cites exists, and its sums are right."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "asvs.md").read_text()
ROW = re.compile(r"\| (\d+\.\d+\.\d+) \| [^|]+ \| (\w+) \| ([^|]+) \|")


def test_every_row_has_a_known_state_and_says_what_shows_it() -> None:
    numbered = [line for line in TEXT.splitlines() if re.match(r"\| \d", line)]
    rows = [ROW.fullmatch(line) for line in numbered]

    assert [line for line, row in zip(numbered, rows, strict=True) if row is None] == []
    assert {row[2] for row in rows if row} <= {"holds", "partly", "fails"}
    assert [line for line in numbered if "||" in line or "|  |" in line] == []


def test_no_requirement_stands_twice_and_the_sums_are_right() -> None:
    rows = ROW.findall(TEXT)
    states = Counter(state for _number, state, _shown in rows)

    assert len({number for number, _state, _shown in rows}) == len(rows)
    sums = f"**{states['holds']} hold, {states['partly']} partly, {states['fails']} fail.**"
    assert re.findall(r"^\*\*.*\*\*$", TEXT, re.MULTILINE) == [sums]


def test_what_is_cited_exists() -> None:
    cited = set(re.findall(r"`((?:tests|docs|loopsweb|templates|static|\.ci)/[^`]*)`", TEXT))

    assert len(cited) > 50
    assert sorted(path for path in cited if not (ROOT / path).exists()) == []
