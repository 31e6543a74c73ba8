"""Verifying an export offline: every change is detected."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from loopsweb.audit import verify  # fmt: skip
from loopsweb.audit.chain import signed_heads, stored
from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.verifier import JsonObject, check_links
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.audit.verify import check_export
from tests.audit.problems import get_problem


def test_an_export_can_be_verified_offline(
    exported: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "key").write_text(signed_heads.encode_public_key())
    arguments = [str(tmp_path / "export"), "--public-key", str(tmp_path / "key")]
    assert verify.main(arguments) == 0
    assert capsys.readouterr().out == "Verified acme up to #5.\n"


def test_verification_needs_only_the_standard_library(exported: bytes, tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(exported)
    alone = [sys.executable, "-S", "-m", "loopsweb.audit.verify", str(tmp_path / "export")]
    found = subprocess.run(alone, capture_output=True, text=True, check=True, timeout=240)
    assert found.stdout == "Verified acme up to #5.\n"


def test_a_head_signed_with_another_key_is_rejected(
    exported: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "key").write_text("A" * 43 + "=")
    arguments = [str(tmp_path / "export"), "--public-key", str(tmp_path / "key")]
    assert verify.main(arguments) == 1
    assert "forged head" in capsys.readouterr().err


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_changing_inserting_or_removing_a_byte_is_detected(
    exported: bytes, data: strategies.DataObject
) -> None:
    where = data.draw(strategies.integers(0, len(exported) - 1))
    byte = data.draw(strategies.integers(0, 255))
    how = data.draw(strategies.sampled_from(["change", "insert", "remove", "truncate"]))
    rest = exported[where + 1 :] if how in {"change", "remove"} else exported[where:]
    middle = bytes([byte]) if how in {"change", "insert"} else b""
    changed = exported[:where] + middle + (b"" if how == "truncate" else rest)
    if changed == exported:
        return
    assert get_problem(lambda: check_export(changed))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_swapping_removing_or_repeating_a_line_is_detected(
    exported: bytes, data: strategies.DataObject
) -> None:
    lines = exported.splitlines(keepends=True)
    one, other = (data.draw(strategies.integers(0, len(lines) - 1)) for _ in range(2))
    how = data.draw(strategies.sampled_from(["swap", "remove", "repeat"]))
    changed = list(lines)
    if how == "swap":
        changed[one], changed[other] = changed[other], changed[one]
    elif how == "remove":
        del changed[one]
    else:
        changed.insert(other, lines[one])
    if changed == lines:
        return
    assert get_problem(lambda: check_export(b"".join(changed)))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda links: [links[0], links[2], links[1], *links[3:]], "#2: reordered: found #3 "),
        (lambda links: [links[0], links[1], links[1], *links[2:]], "#3: inserted: found #2 "),
        (lambda links: [*links[:2], *links[3:]], "#3: missing: found #4 "),
        (lambda links: links[1:], "#1: missing: found #2 "),
        (
            lambda links: links[:-1],
            "#5: truncated: the chain ends before #5, which has a signed head",
        ),
    ],
)
def test_the_problem_names_the_first_invalid_link(
    exported: bytes, change: Callable[[list[JsonObject]], list[JsonObject]], found: str
) -> None:
    _, *links, head, _ = [json.loads(line) for line in exported.splitlines()]
    assert check_links("acme", links, heads=[head]).sequence == 5
    changed = change(links)
    assert get_problem(lambda: check_links("acme", changed, heads=[head])).startswith(found)


def test_a_rewritten_link_is_detected_without_the_checksum(exported: bytes) -> None:
    lines = [json.loads(line) for line in exported.splitlines()]
    lines[3]["body"]["role"] = "admin"
    found = get_problem(lambda: check_links("acme", lines[1:-2]))
    assert found == "#3: a field was changed: the digest does not match"


def test_a_file_of_heads_may_contain_several_workspaces(
    events: list[Event], now: datetime, exported: bytes
) -> None:
    record_event(workspace="other", action="a.b", outcome="succeeded", now=now)
    both = [
        signed_heads.sign_head(stored.verify_stored_chain(each), now=now)
        for each in ("other", "acme")
    ]
    assert check_export(exported, heads=both).sequence == 5


def test_heads_of_another_workspace_are_not_enough(
    exported: bytes, now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record_event(workspace="other", action="a.b", outcome="succeeded", now=now)
    (tmp_path / "export").write_bytes(exported)
    (tmp_path / "heads").write_bytes(
        encode_canonical_json(signed_heads.sign_head(stored.verify_stored_chain("other"), now=now))
        + b"\n"
    )
    arguments = [str(tmp_path / "export"), "--head", str(tmp_path / "heads")]
    assert verify.main(arguments) == 2
    assert capsys.readouterr().err.endswith("heads contains no signed head of 'acme'.\n")
    (tmp_path / "heads").write_bytes(
        encode_canonical_json(signed_heads.sign_head(stored.verify_stored_chain("acme"), now=now))
    )
    assert verify.main(arguments) == 0
    assert capsys.readouterr().out == "Verified acme up to #5, checked against 1 signed head.\n"
