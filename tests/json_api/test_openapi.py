"""The API does what its description says, asked with what it allows and with what it forbids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings, strategies
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from loopsweb.accounts import rate_limits
from loopsweb.accounts.models import User, Workspace
from loopsweb.json_api.openapi import document
from loopsweb.json_api.schemas import NOUNS
from loopsweb.json_api.tokens.actions import Made
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.wsgi import application
from tests.json_api.conftest import token_for
from tests.resources.rows import MODELS, seen

A_FEW = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def from_here(environ: dict[str, Any], start: Any) -> Any:
    """The site, asked by somebody with an address."""
    return application(environ | {"REMOTE_ADDR": "127.0.0.1"}, start)


@pytest.fixture
def described(acme: Workspace, token: Made, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for model in MODELS.values():
        seen(model, acme, "k4q95w5")
    monkeypatch.setitem(rate_limits.RATES, "api_read", "100000/m/key")
    monkeypatch.setitem(rate_limits.RATES, "api_act", "100000/m/key")
    monkeypatch.setitem(rate_limits.RATES, "api_refused", "100000/m/ip")
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


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("noun", KINDS)
def test_ending_is_described_as_it_is_answered(
    noun: str, mode: GenerationMode, described: Any, acme: Workspace, otto: User
) -> None:
    path = f"/api/v1/w/{{workspace}}/{noun}s/{{id}}/deactivation/"
    made = token_for(otto, acme, scope="act")
    is_known = strategies.sampled_from([True, False])

    @A_FEW
    @given(case=described[path]["POST"].as_strategy(generation_mode=mode), known=is_known)
    def ask(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {"workspace": "acme", "id": "k4q95w5"}
        case.call_and_validate(
            headers={"Authorization": f"Bearer {made.secret}"},
            excluded_checks=[positive_data_acceptance],  # what ends something is asked twice for
        )

    ask()


def test_everything_is_described() -> None:
    lists = [f"{noun}/" for noun in NOUNS]
    endings = [f"{kind.plural}/{{id}}/deactivation/" for kind in KINDS.values()]
    paths = [f"/api/v1/w/{{workspace}}/{each}" for each in lists + endings]
    assert sorted(document()["paths"]) == sorted(paths)
