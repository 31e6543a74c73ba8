from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.loops_api.uris import CheckpointURI

one_line = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1).filter(
    lambda text: text == text.strip()
)
run_ids = one_line.filter(lambda text: "/" not in text)
targets = st.sampled_from(["trainer", "sampler"])


@given(run_id=run_ids, target=targets, name=one_line)
def test_a_uri_is_parsed_as_it_was_built(run_id: str, target: str, name: str) -> None:
    uri = CheckpointURI(run_id, target, name)
    assert CheckpointURI.parse(str(uri)) == uri


@given(st.text())
def test_any_text_parses_or_raises_value_error(text: str) -> None:
    try:
        uri = CheckpointURI.parse(f"bt://loops:{text}")
    except ValueError:
        return
    assert str(uri) == f"bt://loops:{text.strip()}"


@given(run_id=st.text(), target=targets | st.text(), name=st.text())
def test_every_valid_uri_can_be_parsed(run_id: str, target: str, name: str) -> None:
    try:
        uri = CheckpointURI(run_id, target, name)
    except ValueError:
        return
    assert CheckpointURI.parse(str(uri)) == uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("bt://loops:k4q95w5/weights/step-100", CheckpointURI("k4q95w5", "trainer", "step-100")),
        (
            "bt://loops:k4q95w5/sampler_weights/step-100",
            CheckpointURI("k4q95w5", "sampler", "step-100"),
        ),
        ("bt://trainers:old/weights/final", CheckpointURI("old", "trainer", "final")),
        ("  bt://loops:r/weights/w\n", CheckpointURI("r", "trainer", "w")),
        ("bt://loops:r/weights/a/b/c", CheckpointURI("r", "trainer", "a/b/c")),
        ("bt://loops:r/weights/<b> ü %2F", CheckpointURI("r", "trainer", "<b> ü %2F")),
        ("bt://loops:r/weights/weights/x", CheckpointURI("r", "trainer", "weights/x")),
    ],
)
def test_parse(text: str, uri: CheckpointURI) -> None:
    assert CheckpointURI.parse(text) == uri


def test_the_old_scheme_is_rewritten() -> None:
    assert str(CheckpointURI.parse("bt://trainers:r/weights/w")) == "bt://loops:r/weights/w"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "step-100",
        "bt://loops:r/weights/",
        "bt://loops:/weights/w",
        "bt://loops:r/w",
        "bt://loops:r/other/w",
        "bt://samplers:r/weights/w",
        "BT://loops:r/weights/w",
        "https://loops:r/weights/w",
        "bt://loops:r/weights/a\nb",
        "bt://loops:r/weights/a\x00b",
        "bt://loops: r/weights/w",
    ],
)
def test_an_invalid_uri_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(ValueError, match=r"^A .*\.$"):
        CheckpointURI.parse(text)
