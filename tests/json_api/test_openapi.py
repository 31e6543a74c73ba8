"""The API matches its OpenAPI description, for valid and invalid requests."""

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
from loopsweb.json_api.openapi import build_document
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.json_api.tokens.actions import CreatedToken
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.wsgi import application
from tests.json_api.conftest import create_token
from tests.resources.rows import MODELS, add_row

READ = (*RESOURCES, "checkpoints/plan")
A_FEW = settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def from_here(environ: dict[str, Any], start: Any) -> Any:
    """The site as called from a client address."""
    return application(environ | {"REMOTE_ADDR": "127.0.0.1"}, start)


@pytest.fixture
def described(
    acme: Workspace, token: CreatedToken, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    for model in MODELS.values():
        add_row(model, acme, "k4q95w5")
    monkeypatch.setitem(rate_limits.RATES, "api_read", "100000/m/key")
    monkeypatch.setitem(rate_limits.RATES, "api_act", "100000/m/key")
    monkeypatch.setitem(rate_limits.RATES, "api_refused", "100000/m/ip")
    ends = (request_started, request_finished)
    for signal in ends:  # requests would close the test's database connection
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", from_here)
    for signal in ends:
        signal.connect(close_old_connections)


def operation(described: Any, noun: str) -> Any:
    return described[f"/api/v1/w/{{workspace}}/{noun}/"]["GET"]


def sign(secret: str) -> dict[str, str]:
    """Schemathesis does not unpack answers of a WSGI application."""
    return {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("noun", READ)
def test_list_answers_match_the_description(
    noun: str, mode: GenerationMode, described: Any, token: CreatedToken
) -> None:
    @A_FEW
    @given(case=operation(described, noun).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=sign(token.secret))

    ask()


@pytest.mark.parametrize("noun", READ)
def test_valid_requests_are_answered(noun: str, described: Any, token: CreatedToken) -> None:
    mode = GenerationMode.POSITIVE

    @A_FEW
    @given(case=operation(described, noun).as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.path_parameters["workspace"] = "acme"
        answer = case.call_and_validate(headers=sign(token.secret))
        assert answer.status_code == 200

    ask()


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("noun", KINDS)
def test_deactivation_answers_match_the_description(
    noun: str, mode: GenerationMode, described: Any, acme: Workspace, otto: User
) -> None:
    path = f"/api/v1/w/{{workspace}}/{noun}s/{{id}}/deactivation/"
    made = create_token(otto, acme, scope="act")
    is_known = strategies.sampled_from([True, False])

    @A_FEW
    @given(case=described[path]["POST"].as_strategy(generation_mode=mode), known=is_known)
    def ask(case: Any, known: bool) -> None:
        if known:
            case.path_parameters = {"workspace": "acme", "id": "k4q95w5"}
        case.call_and_validate(
            headers=sign(made.secret),
            excluded_checks=[positive_data_acceptance],  # repeated deactivations are a conflict
        )

    ask()


def test_every_route_is_described() -> None:
    lists = [f"{noun}/" for noun in READ]
    endings = [f"{kind.plural}/{{id}}/deactivation/" for kind in KINDS.values()]
    paths = [f"/api/v1/w/{{workspace}}/{each}" for each in lists + endings]
    assert sorted(build_document()["paths"]) == sorted(paths)
