"""What a null means where the API usually sends a value."""

from __future__ import annotations

import pytest

from loopsweb.resources.models import Checkpoint, Sampler


@pytest.mark.parametrize(
    ("raw", "is_loadable"),
    [({"lora_config": {"config_version": "v1"}}, True), ({"lora_config": None}, False), ({}, True)],
)
def test_a_checkpoint_is_not_loadable_if_its_lora_config_is_null(
    raw: dict[str, object], is_loadable: bool
) -> None:
    assert Checkpoint(raw=raw).is_loadable is is_loadable


@pytest.mark.parametrize(
    ("raw", "is_serverless"),
    [
        ({}, False),
        ({"model_id": "m", "deployment_id": "d"}, False),
        ({"model_id": None}, True),
        ({"deployment_id": None}, True),
    ],
)
def test_a_sampler_is_serverless_if_it_has_no_model_or_deployment(
    raw: dict[str, object], is_serverless: bool
) -> None:
    assert Sampler(raw=raw).is_serverless is is_serverless
