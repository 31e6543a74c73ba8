"""Whatever names the API sends, files are written inside the folder, each to a path of its own."""

from __future__ import annotations

import unicodedata
from itertools import combinations
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.loops_api.types import CheckpointFile
from loopsweb.resources.checkpoints.local_paths import (
    NO_NAME,
    OUTSIDE,
    SAME_FILE,
    SAME_NAME,
    UNWRITABLE,
    place_files,
)

PARTS = st.one_of(
    st.text(max_size=4),
    st.sampled_from(
        [".", "..", "", "a", "A", "é", "e\u0301", "node_0", "C:", "~", "a\nb", "-rf", " a"]
    ),
)
NAMES = st.one_of(st.none(), st.lists(PARTS, max_size=4).map("/".join))
WILD = st.lists(st.tuples(NAMES, st.sampled_from([None, 0, 1])), max_size=8)


def build(name: str | None, node: int | None = None, number: int = 0) -> CheckpointFile:
    return CheckpointFile(
        url=f"https://store.example/{number}?sign=1",
        relative_file_name=name,
        node_rank=node,
        size_bytes=1,
        last_modified=None,
    )


@settings(max_examples=60)
@given(WILD)
def test_paths_stay_inside_and_apart(wild: list[tuple[str | None, int | None]]) -> None:
    files = [build(name, node, number) for number, (name, node) in enumerate(wild)]
    placed = place_files(files)
    assert [one.index for one in placed] == list(range(len(files)))
    assert all(bool(one.path) != bool(one.why) for one in placed)
    paths = [one.path for one in placed if one.path]
    for path in paths:
        for pure in (PurePosixPath(path), PureWindowsPath(path)):
            assert not pure.is_absolute()
            assert not pure.drive
            assert ".." not in pure.parts
        assert path.isprintable()
        assert "\\" not in path
    folded = [PurePosixPath(unicodedata.normalize("NFC", path.casefold())) for path in paths]
    for one, other in combinations(folded, 2):
        assert not one.is_relative_to(other)
        assert not other.is_relative_to(one)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (None, NO_NAME),
        ("../x", OUTSIDE),
        ("a/../../x", OUTSIDE),
        ("/etc/passwd", OUTSIDE),
        ("\\\\server\\x", OUTSIDE),
        ("c:x", OUTSIDE),
        ("a\\x", UNWRITABLE),
        ("a\nget x y", UNWRITABLE),
        ("a\u202eb", UNWRITABLE),
        ("a//b", UNWRITABLE),
        ("a/", UNWRITABLE),
        (" a", UNWRITABLE),
        ("x" * 256, UNWRITABLE),
        ("x/" * 500 + "x", UNWRITABLE),
        ("it's a $(name) #1 [1-3]; -rf", ""),
    ],
)
def test_a_name_that_is_not_safe_is_left_out_and_says_why(name: str | None, why: str) -> None:
    [placed] = place_files([build(name)])
    assert (placed.path, placed.why) == ("" if why else name, why)


def test_files_of_one_name_go_by_their_nodes() -> None:
    files = [build("a/x", 0), build("a/x", 1), build("y", 0)]
    assert [one.path for one in place_files(files)] == ["node_0/a/x", "node_1/a/x", "y"]


def test_a_name_that_is_taken_is_not_overwritten() -> None:
    files = [build("a", number=1), build("A", number=2), build("a/b", number=3), build("c")]
    assert [one.why for one in place_files(files)] == ["", SAME_NAME, SAME_NAME, ""]
    twins = place_files([build("a"), build("a"), build("b")])
    assert [one.why for one in twins] == [SAME_FILE, SAME_FILE, ""]
