from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.json_api.models import AccessToken
from tests.json_api.conftest import create_token

PATHS = ["", "/", "/v1/openapi.json", "/v1/w/acme/runs/", "/v1/w/acme/runs", "/v2/", "/nothing"]


@pytest.fixture
def script(alice: User, acme: Workspace, settings: Settings) -> Client:
    settings.SECURE_SSL_REDIRECT = True
    return Client(headers={"Authorization": f"Bearer {create_token(alice, acme).secret}"})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_http_is_refused_and_not_redirected(path: str, method: str, script: Client) -> None:
    answer = script.generic(method, f"/api{path}")

    assert (answer.status_code, answer.get("Location")) == (403, None)
    assert answer["Content-Type"] == "application/problem+json"
    assert method == "HEAD" or answer.json()["detail"].startswith("Use https://. If you sent")
    assert AccessToken.objects.get().last_used_at is None


def test_a_doubled_slash_changes_nothing(script: Client) -> None:
    assert script.get("/", PATH_INFO="//api/v1/w/acme/runs/").status_code == 403


def test_https_is_answered(script: Client) -> None:
    assert script.get("/api/v1/w/acme/runs/", secure=True).status_code == 200


def test_pages_are_redirected_to_https(script: Client) -> None:
    answer = script.get("/apis/")

    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/apis/")


def test_without_https_the_api_is_there(script: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = False

    assert script.get("/api/v1/w/acme/runs/").status_code == 200
