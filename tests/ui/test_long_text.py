"""What of a long text may be cut, and what of it stays."""

from __future__ import annotations

import pytest

from loopsweb.ui.long_text import split_pairs

LONG = "n" * 255


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("step-4400", [("", "step-4400")]),
        ("meta-llama/Llama-3.3-70B-Instruct", [("meta-llama/Llama-", "3.3-70B-Instruct")]),
        (
            "model-a1b2c3.example/deployment/x/sync",
            [("model-a1b2c3.example/deployment/x/", "sync")],
        ),
        (
            "model-a1b2c3.example/deployment/d4/sync",
            [("model-a1b2c3.example/deployment/", "d4/sync")],
        ),
        ("bt://loops:hl7cqs5/weights/step-4400", [("bt://loops:hl7cqs5/", "weights/step-4400")]),
        (
            "bt://loops:hl7cqs5/sampler_weights/step-4400",
            [("bt://loops:hl7cqs5/", "sampler_weights/step-4400")],
        ),
        (f"bt://loops:r1/weights/{LONG}", [("bt://loops:r1/", "weights/"), ("n" * 245, "n" * 10)]),
        (LONG, [("n" * 245, "n" * 10)]),
    ],
)
def test_what_tells_texts_apart_stays(text: str, pairs: list[tuple[str, str]]) -> None:
    assert split_pairs(text) == pairs
