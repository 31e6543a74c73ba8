"""The proof of one record is verified offline, and every change of it is detected."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from loopsweb.audit import verify
from loopsweb.audit.chain import signed_heads
from loopsweb.audit.chain.export import export_record
from loopsweb.audit.models import Event
from loopsweb.audit.record import record_event
from loopsweb.audit.verify import check_export
from tests.audit.problems import get_problem

INCIDENT = uuid4()


def record(number: int, *, is_own: bool, now: datetime) -> Event:
    return record_event(
        workspace="acme",
        action="deployment.deactivate",
        outcome="succeeded",
        person=f"p{number}@example.com",
        reason=f"because {number}",
        incident=INCIDENT if is_own else None,
        now=now,
    )


@pytest.fixture
def trail(db: None, now: datetime) -> list[Event]:
    """Six events; the second, third and fifth are of the record."""
    return [record(number, is_own=number in (2, 3, 5), now=now) for number in range(1, 7)]


@pytest.fixture
def proof(trail: list[Event], now: datetime) -> bytes:
    return b"".join(export_record("acme", str(INCIDENT), now=now))


def verify_file(
    path: Path, content: bytes, capsys: pytest.CaptureFixture[str], **files: str
) -> tuple[int, str]:
    """(exit code, what was said). files: {option: content}."""
    (path / "proof").write_bytes(content)
    arguments = [str(path / "proof")]
    for name, text in files.items():
        (path / name).write_text(text)
        arguments += [f"--{name.replace('_', '-')}", str(path / name)]
    code = verify.main(arguments)
    said = capsys.readouterr()
    return code, said.out + said.err


def test_it_is_verified_with_the_key_that_signed_it(
    proof: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = signed_heads.encode_public_key()
    said = verify_file(tmp_path, proof, capsys, public_key=key)
    assert said == (0, "Verified acme record: #2, #3, #5, linked up to #6.\n")
    assert verify_file(tmp_path, proof, capsys, public_key="A" * 43 + "=")[0] == 1


def test_it_names_nobody_else_and_ends_with_the_first_head_that_covers_it(
    trail: list[Event], now: datetime
) -> None:
    signed = signed_heads.store_signed_head("acme", now=now).head
    for number in range(7, 20):
        record(number, is_own=False, now=now)
    signed_heads.store_signed_head("acme", now=now)
    proof = b"".join(export_record("acme", str(INCIDENT), now=now))
    *links, head, _ = [json.loads(line) for line in proof.splitlines()][1:]
    assert head == signed
    assert [link["body"]["sequence"] for link in links] == [2, 3, 4, 5, 6]
    named = [link["personal"]["person"] for link in links]
    assert [one and one["value"] for one in named] == [
        "p2@example.com", "p3@example.com", None, "p5@example.com", None,
    ]  # fmt: skip
    assert check_export(proof).events == (2, 3, 5)


def test_heads_that_were_kept_are_compared_where_it_has_their_links(
    proof: bytes, trail: list[Event], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    now: datetime,
) -> None:  # fmt: skip
    head = signed_heads.store_signed_head("acme", now=now).head
    code, said = verify_file(tmp_path, proof, capsys, head=json.dumps(head))
    assert (code, "checked against 1 signed head" in said) == (0, True)
    other = json.dumps(head | {"digest": "f" * 64})
    assert verify_file(tmp_path, proof, capsys, head=other)[0] == 1
    outside = json.dumps(head | {"sequence": 1, "digest": trail[0].digest})
    code, said = verify_file(tmp_path, proof, capsys, head=outside)
    assert (code, "no signed head of 'acme' from #2 to #6" in said) == (2, True)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=strategies.data())
def test_every_change_is_detected(proof: bytes, data: strategies.DataObject) -> None:
    lines = proof.splitlines(keepends=True)
    how = data.draw(strategies.sampled_from(["byte", "remove", "repeat", "swap", "truncate"]))
    where = data.draw(strategies.integers(0, len(proof) - 1))
    one, other = (data.draw(strategies.integers(0, len(lines) - 1)) for _ in range(2))
    changed = list(lines)
    if how == "byte":
        byte = bytes([data.draw(strategies.integers(0, 255))])
        changed = [proof[:where], byte, proof[where + 1 :]]
    elif how == "truncate":
        changed = [proof[:where]]
    elif how == "remove":
        del changed[one]
    elif how == "repeat":
        changed.insert(other, lines[one])
    else:
        changed[one], changed[other] = changed[other], changed[one]
    if b"".join(changed) != proof:
        assert get_problem(lambda: check_export(b"".join(changed)))
