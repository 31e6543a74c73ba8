"""The API does what its description says, asked with what it allows and with what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from loopsweb.accounts.models import Workspace
from loopsweb.json_api import guard
from loopsweb.json_api.nouns import NOUNS
from loopsweb.json_api.openapi import document
from loopsweb.json_api.tokens.actions import Made
from loopsweb.wsgi import application
from tests.resources.rows import MODELS, seen

A_FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def from_here(environ: dict[str, Any], start: Any) -> Any:
    """The site, asked by somebody with an address."""
    return application(environ | {"REMOTE_ADDR": "127.0.0.1"}, start)


@pytest.fixture
def described(acme: Workspace, token: Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for model in MODELS.values():
        seen(model, acme, "k4q95w5")
    monkeypatch.setitem(guard.LIMITS, "read", "100000/m/key")
    monkeypatch.setitem(guard.LIMITS, "refused", "100000/m/ip")
    ends = (request_started, request_finished)
    for signal in ends:  # a request would close the connection that the test's rows are seen by
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", from_here)
    for signal in ends:
        signal.connect(close_old_connections)


def operation(described: Any, noun: str) -> Any:
    return described[f"/api/v1/w/{{workspace}}/{noun}/"]["GET"]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_described_is_what_is_answered(
    noun: str, mode: GenerationMode, described: Any, token: Made
) -> None:
    @A_FEW
    @given(case=operation(described, noun).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token.secret}"})

    ask()


@pytest.mark.parametrize("noun", NOUNS)
def test_whoever_asks_what_is_allowed_is_answered(noun: str, described: Any, token: Made) -> None:
    mode = GenerationMode.POSITIVE

    @A_FEW
    @given(case=operation(described, noun).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.path_parameters["workspace"] = "acme"
        answer = case.call_and_validate(headers={"Authorization": f"Bearer {token.secret}"})
        assert answer.status_code == 200

    ask()


def test_every_list_is_described() -> None:
    assert sorted(document()["paths"]) == [
        f"/api/v1/w/{{workspace}}/{noun}/"
        for noun in ("audit", "checkpoints", "deployments", "runs", "samplers", "sessions")
    ]
