"""Any JSON value is parsed to the right type or None, without an exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api import field_parsers, parsers, undocumented_parsers

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
NAMES = [
    "id", "run_id", "trainer_id", "session_id", "base_model", "base_url", "name", "created_at",
    "status", "user", "deployment_id", "sampler", "sampling_server", "instance_type", "node_count",
    "checkpoint_id", "target", "size_bytes", "sync_status", "lora_adapter_config", "lora_config",
    "expires_at", "url", "last_modified", "node_rank", "price", "timestamp", "message", "metrics",
    "model_name", "prefix", "type", "email", "gpu_count", "model_id", "kind", "enabled",
    "enablement_details", "max_seq_len", "kept_checkpoints", "presigned_urls", "next_page_token",
    "items", "pagination", "actor", "billable_resource", "subtotal", "training_usage", "breakdown",
    "trainer_accelerator_priority", "owner", "last_used_at",
]  # fmt: skip
objects = st.dictionaries(st.sampled_from(NAMES), anything | st.dictionaries(
    st.sampled_from(["id", "name", "email"]), anything
))  # fmt: skip
PARSERS: list[Callable[[Any], Any]] = [
    parsers.parse_session,
    parsers.parse_run,
    parsers.parse_sampler,
    parsers.parse_checkpoint,
    parsers.parse_legacy_checkpoint,
    parsers.parse_checkpoint_file,
    parsers.parse_deployment,
    parsers.parse_deactivated,
    parsers.parse_instance_type,
    undocumented_parsers.parse_identity,
    undocumented_parsers.parse_supported_model,
    undocumented_parsers.parse_api_key_info,
    undocumented_parsers.parse_price,
    undocumented_parsers.parse_log_line,
    undocumented_parsers.parse_metrics,
    undocumented_parsers.parse_source,
    undocumented_parsers.parse_deleted_checkpoint,
    undocumented_parsers.parse_deleted_run,
    undocumented_parsers.parse_inference_deployment,
    undocumented_parsers.parse_user_config,
    undocumented_parsers.parse_debug_archive_page,
    undocumented_parsers.parse_team,
    undocumented_parsers.parse_usage_summary,
    undocumented_parsers.parse_billed_resource,
]


@given(value=anything | objects)
def test_a_parser_never_raises_and_keeps_the_raw_value(value: object) -> None:
    before = json.dumps(value)
    for parse in PARSERS:
        found = parse(value)
        assert json.dumps(getattr(found, "raw", value)) == before
        for name in ("id", "url", "model_name", "prefix"):
            assert isinstance(getattr(found, name, None), str | None)
        assert isinstance(repr(found), str)


@given(value=objects.map(lambda value: value | {"id": "d"}))
def test_gpus_held_and_uri_never_raise(value: dict[str, object]) -> None:
    deployment, checkpoint = parsers.parse_deployment(value), parsers.parse_checkpoint(value)
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
def test_parse_count(value: object, found: int | None) -> None:
    assert field_parsers.parse_count(value) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (("", "..", ".", None, 7, "a b/é"), "a b/é"),
        (("nul\x00", "line\n", "\x1b", "\x7f", "\x85", "r1"), "r1"),
        (("nul\x00",), None),
    ],
)
def test_parse_identifier(values: tuple[object, ...], found: str | None) -> None:
    assert field_parsers.parse_identifier(*values) == found


@pytest.mark.parametrize(
    ("value", "found"), [("a\x00b\n", "a\ufffdb\n"), ("", ""), (7, None), (None, None)]
)
def test_parse_text(value: object, found: str | None) -> None:
    assert field_parsers.parse_text(value) == found


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
def test_parse_timestamp(value: object, found: datetime | None) -> None:
    assert field_parsers.parse_timestamp(value) == found


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_iso_timestamp_is_parsed_exactly(at: datetime) -> None:
    assert field_parsers.parse_timestamp(at.isoformat()) == at


@given(st.text())
def test_any_text_is_a_utc_timestamp_or_none(text: str) -> None:
    found = field_parsers.parse_timestamp(text)
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
def test_parse_epoch_nanoseconds(value: object, found: datetime | None) -> None:
    assert field_parsers.parse_epoch_nanoseconds(value) == found


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
def test_parse_amount(value: object, found: Decimal | None) -> None:
    assert field_parsers.parse_amount(value) == found


@pytest.mark.parametrize(
    ("given", "longest"),
    [
        ({}, None),
        ({"max_context_length": 8}, 8),
        ({"max_context_length": None, "max_seq_len": 9}, 9),
        ({"max_context_length": 8, "max_seq_len": 9, "max_enabled_seq_len": 4}, 4),
        ({"max_seq_len": 9, "max_enabled_seq_len": 0}, 0),
    ],
)
def test_the_longest_sequence_of_a_model(given: dict[str, object], longest: int | None) -> None:
    found = undocumented_parsers.parse_supported_model({"model_name": "m"} | given)
    assert found is not None
    assert found.longest == longest


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("trainer", "bt://loops:r/weights/step-1"),
        ("sampler", "bt://loops:r/sampler_weights/step-1"),
        ("a new word", None),
        (None, None),
    ],
)
def test_a_checkpoint_has_a_uri_if_all_parts_are_known(target: str | None, uri: str | None) -> None:
    found = parsers.parse_checkpoint(
        {"id": "c", "run_id": "r", "checkpoint_id": "step-1", "target": target}
    )
    assert found is not None
    assert found.uri == uri


def test_unknown_statuses_are_kept() -> None:
    found = parsers.parse_deployment({"id": "d", "status": {"name": "ÜBERHITZT"}})
    assert found is not None
    assert found.status == "ÜBERHITZT"
