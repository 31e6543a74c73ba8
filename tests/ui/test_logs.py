from __future__ import annotations

import json
import logging
import sys

import pytest
import structlog

from loopsweb.ui.logs import build_formatter, configure


@pytest.mark.parametrize("as_json", [True, False])
def test_an_exception_is_redacted_too(as_json: bool) -> None:
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, "failed %s", ("once",), None)
    try:
        int("sent Authorization: Api-Key canary-in-an-exception")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = build_formatter(as_json=as_json).format(record)
    assert "failed once" in line
    assert "ValueError" in line
    assert "canary" not in line


def test_json_log_lines_can_be_parsed() -> None:
    record = logging.LogRecord("any", logging.INFO, __file__, 1, "Bearer canary-token", (), None)
    line = json.loads(build_formatter(as_json=True).format(record))
    assert (line["logger"], line["level"], line["event"]) == ("any", "info", "Bearer [redacted]")


def test_both_ways_of_logging_go_through_the_redactor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        configure({"level": "INFO", "json": True})
        logging.getLogger("plain").info("Api-Key canary-one")
        structlog.get_logger("struct").info("asked", header="Api-Key canary-two")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    plain, struct = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert plain["event"] == "Api-Key [redacted]"
    assert (struct["event"], struct["header"]) == ("asked", "Api-Key [redacted]")
