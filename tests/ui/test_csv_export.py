from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.ui.csv_export import FORMULA_STARTS, format_cell, stream_lines


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        (0, "0"),
        (-5, "-5"),
        (2**53 + 1, "9007199254740993"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@cmd", "'@cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\n=1+1", "'\n=1+1"),
        (" \u200b\x00@cmd", "' \u200b\x00@cmd"),
        ("\uff1d1+1", "'\uff1d1+1"),
        (" \ufe661+1", "' \ufe661+1"),
        ("\ufe6bcmd", "'\ufe6bcmd"),
        ("\nplain", "\nplain"),
        ("plain, with comma", "plain, with comma"),
        (datetime(2026, 11, 23, 21, 17, tzinfo=UTC), "2026-11-23T21:17:00Z"),
    ],
)
def test_cells_contain_no_formulas(value: object, shown: str) -> None:
    assert format_cell(value) == shown


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5))
def test_cells_round_trip_without_formulas(names: list[str]) -> None:
    rows = [SimpleNamespace(name=name) for name in names]
    text = "".join(stream_lines({"Name": "name"}, rows)).removeprefix("\ufeff")
    read = [row[0] if row else "" for row in csv.reader(io.StringIO(text, newline=""))]
    assert read[0] == "Name"
    assert [name.removeprefix("'") for name in read[1:]] == [
        name.removeprefix("'") for name in names
    ]
    assert not any(name.startswith(FORMULA_STARTS) for name in read[1:])


def test_cells_with_semicolons_stay_whole() -> None:
    lines = stream_lines({"Name": "name"}, [SimpleNamespace(name="a;=HYPERLINK(1)")])
    text = "".join(lines).removeprefix("\ufeff")
    assert list(csv.reader(io.StringIO(text), delimiter=";")) == [["Name"], ["a;=HYPERLINK(1)"]]


def test_a_spreadsheet_recognises_the_encoding() -> None:
    run = SimpleNamespace(name="Überprüfung", deployment=None, adapter={"r": "é"})
    columns = {"Name": "name", "GPUs": "deployment.gpus", "Adapter": "adapter"}
    sent = "".join(stream_lines(columns, [run])).encode()
    assert sent.startswith(b'\xef\xbb\xbf"Name"')
    rows = list(csv.reader(io.StringIO(sent.decode("utf-8-sig"))))
    assert rows == [["Name", "GPUs", "Adapter"], ["Überprüfung", "", '{"r": "é"}']]
