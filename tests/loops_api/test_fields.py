"""Any JSON at all in any field: the right type or None, never an exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import fields, optional_parsers, parsers

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = [
    "id", "run_id", "trainer_id", "session_id", "base_model", "base_url", "name", "created_at",
    "status", "user", "deployment_id", "sampler", "sampling_server", "instance_type", "node_count",
    "checkpoint_id", "target", "size_bytes", "sync_status", "lora_adapter_config", "lora_config",
    "expires_at", "url", "last_modified", "node_rank", "price", "timestamp", "message", "metrics",
    "model_name", "prefix", "type", "email", "gpu_count",
]  # fmt: skip
objects = st.dictionaries(st.sampled_from(NAMES), anything | st.dictionaries(
    st.sampled_from(["id", "name", "email"]), anything
))  # fmt: skip
PARSERS: list[Callable[[Any], Any]] = [
    parsers.session, parsers.run, parsers.sampler, parsers.checkpoint, parsers.checkpoint_file,
    parsers.deployment, parsers.deactivated, parsers.instance_type, optional_parsers.identity,
    optional_parsers.supported_model, optional_parsers.api_key_info, optional_parsers.price,
    optional_parsers.log_line, optional_parsers.metrics,
]  # fmt: skip


@given(value=anything | objects)
def test_a_parser_never_raises_and_keeps_what_it_was_given(value: object) -> None:
    before = json.dumps(value)
    for parse in PARSERS:
        found = parse(value)
        assert json.dumps(getattr(found, "raw", value)) == before
        for name in ("id", "url", "model_name", "prefix"):
            assert isinstance(getattr(found, name, None), str | None)
        assert isinstance(repr(found), str)


@given(value=objects.map(lambda value: value | {"id": "d"}))
def test_gpus_held_and_uri_never_raise(value: dict[str, object]) -> None:
    deployment, checkpoint = parsers.deployment(value), parsers.checkpoint(value)
    assert deployment is not None
    assert checkpoint is not None
    assert deployment.gpus_held is None or deployment.gpus_held >= 0
    assert checkpoint.uri is None or checkpoint.uri.startswith("bt://loops:")


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0, 0),
        (2**53 + 1, 2**53 + 1),
        (2**63 - 1, 2**63 - 1),
        (2**63, None),
        (10**40, None),
        (-1, None),
        (5.0, 5),
        (5.5, None),
        (float(2**53), None),
        (True, None),
        ("5", None),
        (None, None),
        ([5], None),
    ],
)
def test_count(value: object, found: int | None) -> None:
    assert fields.count(value) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("", "..", ".", None, 7, "a b/é"), "a b/é"),
        (("nul\x00", "line\n", "\x1b", "\x7f", "\x85", "r1"), "r1"),
        (("nul\x00",), None),
    ],
)
def test_identifier(values: tuple[object, ...], found: str | None) -> None:
    assert fields.identifier(*values) == found


@pytest.mark.parametrize(
    ("value", "found"), [("a\x00b\n", "a\ufffdb\n"), ("", ""), (7, None), (None, None)]
)
def test_text(value: object, found: str | None) -> None:
    assert fields.text(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2025-05-07T10:00:00Z", datetime(2025, 5, 7, 10, tzinfo=UTC)),
        ("2025-05-07T10:00:00.5Z", datetime(2025, 5, 7, 10, 0, 0, 500_000, UTC)),
        ("2025-05-07T10:00:00.123456789Z", datetime(2025, 5, 7, 10, 0, 0, 123_456, UTC)),
        ("2025-05-07T10:00:00+05:30", datetime(2025, 5, 7, 4, 30, tzinfo=UTC)),
        ("2025-05-07T10:00:00", datetime(2025, 5, 7, 10, tzinfo=UTC)),
        ("2025-05-07 10:00", datetime(2025, 5, 7, 10, tzinfo=UTC)),
        ("2025-05-07", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2025-02-30T10:00:00Z", None),
        ("soon, but not today", None),
        ("", None),
        (1746612000, None),
        (None, None),
    ],
)
def test_moment(value: object, found: datetime | None) -> None:
    assert fields.moment(value) == found


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_its_iso_form(at: datetime) -> None:
    assert fields.moment(at.isoformat()) == at


@given(st.text())
def test_any_text_is_a_moment_in_utc_or_none(text: str) -> None:
    found = fields.moment(text)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("1000", datetime(1970, 1, 1, microsecond=1, tzinfo=UTC)),
        (1_795_435_200_123_456_789, datetime(2026, 11, 23, 12, 0, 0, 123_456, UTC)),
        ("9" * 30, None),
        ("9" * 5000, None),
        ("1e9", None),
        (True, None),
        (None, None),
    ],
)
def test_epoch_nanoseconds(value: object, found: datetime | None) -> None:
    assert fields.epoch_nanoseconds(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (0.1, Decimal("0.1")),
        ("0.10", Decimal("0.10")),
        (3, Decimal(3)),
        (-0.1, None),
        ("NaN", None),
        ("999999.99", Decimal("999999.99")),
        (1_000_000, None),
        ("1e999999", None),
        ("1e-999999", None),
        ("0e999999", None),
        ("0." + "3" * 41, None),
        pytest.param(10**5000, None, id="5000 digits"),
        (4 / 60, Decimal(str(4 / 60))),
        ("Infinity", None),
        ("cheap", None),
        (True, None),
        (None, None),
    ],
)
def test_money(value: object, found: Decimal | None) -> None:
    assert fields.money(value) == found


def test_a_checkpoint_prefers_its_adapter_config_even_when_empty() -> None:
    found = parsers.checkpoint({"id": "c", "lora_adapter_config": {}, "lora_config": {"r": 8}})
    assert found is not None
    assert found.lora_config == {}


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("trainer", "bt://loops:r/weights/step-1"),
        ("sampler", "bt://loops:r/sampler_weights/step-1"),
        ("a new word", None),
        (None, None),
    ],
)
def test_a_checkpoint_has_a_uri_when_all_its_parts_are_known(
    target: str | None, uri: str | None
) -> None:
    found = parsers.checkpoint(
        {"id": "c", "run_id": "r", "checkpoint_id": "step-1", "target": target}
    )
    assert found is not None
    assert found.uri == uri


def test_statuses_nobody_knows_yet_pass_through() -> None:
    found = parsers.deployment({"id": "d", "status": {"name": "ÜBERHITZT"}})
    assert found is not None
    assert found.status == "ÜBERHITZT"
