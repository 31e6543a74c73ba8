"""Errors outside the views of the API are JSON too."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client
from django.utils.deprecation import MiddlewareMixin
from pytest_django import Settings

from loopsweb.ui import errors

LIST = "/api/v1/w/acme/runs/"
DEACTIVATION = "/api/v1/w/acme/runs/k4q95w5/deactivation/"
pytestmark = pytest.mark.django_db


class OutOfOrder(MiddlewareMixin):
    """Stands for a mistake of ours outside any view."""

    def process_request(self, request: HttpRequest) -> None:
        raise ZeroDivisionError("secret detail")


class WithoutDatabase(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        raise OperationalError("connection refused at db.internal")


def read_problem(answer: Any) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert (problem.pop("type"), problem.pop("status")) == ("about:blank", answer.status_code)
    return problem


@pytest.mark.parametrize("path", [LIST, DEACTIVATION, "/api/v1/openapi.json", "/api/x", "//api/x"])
@pytest.mark.parametrize("host", ["{m", "elsewhere.example", "a b", "\x80"])
def test_an_unknown_host(path: str, host: str, client: Client) -> None:
    answer = client.generic("POST", "/", PATH_INFO=path, headers={"Host": host})
    assert answer.status_code == 400
    problem = read_problem(answer)
    assert problem["title"] == "Bad Request"
    assert problem["detail"].startswith("loopsweb does not answer under this name. Nothing was")


def test_a_method_that_does_not_exist(client: Client) -> None:
    answer = client.generic("TRACE", LIST)
    assert (answer.status_code, answer["Allow"].split(", ")[0]) == (405, "GET")
    assert read_problem(answer)["detail"].startswith("loopsweb does not know this method. Use one")


@pytest.mark.parametrize(
    ("middleware", "status", "retry", "detail"),
    [
        (OutOfOrder, 500, None, "Something went wrong inside loopsweb. The error was logged."),
        (WithoutDatabase, 503, "5", "loopsweb cannot use its database. Pages are not being"),
    ],
)
def test_a_failure_of_a_middleware(
    middleware: type, status: int, retry: str | None, detail: str, settings: Settings
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.{middleware.__name__}"]
    answer = Client(raise_request_exception=False).get(LIST)
    assert (answer.status_code, answer.get("Retry-After")) == (status, retry)
    assert read_problem(answer)["detail"].startswith(detail)
    assert b"secret" not in answer.content
    assert b"internal" not in answer.content


def test_pages_stay_pages(client: Client) -> None:
    for path in ["/apis/", "/w/api/runs/"]:
        answer = client.get(path, headers={"Host": "elsewhere.example"})
        assert (answer.status_code, answer["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_every_error_page_has_its_problem(rf: Any) -> None:
    request = rf.get(LIST)
    answers = [
        errors.bad_request(request),
        errors.forbidden(request),
        errors.not_found(request),
        errors.csrf_failure(request),
        errors.server_error(request),
    ]
    assert [answer.status_code for answer in answers] == [400, 403, 404, 403, 500]
    assert [answer["Content-Type"] for answer in answers] == ["application/problem+json"] * 5
