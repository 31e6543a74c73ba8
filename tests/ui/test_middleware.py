from __future__ import annotations

import gzip

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.ui.middleware import OutageMiddleware
from tests.personas import login_as


def test_every_response_has_security_headers(client: Client) -> None:
    answer = client.get("/healthz")
    assert answer["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_request_id_is_never_taken_from_the_client(client: Client) -> None:
    first, second = (client.get("/healthz", headers={"x-request-id": "forged"}) for _ in range(2))
    assert first["X-Request-Id"] != second["X-Request-Id"]
    assert len(first["X-Request-Id"]) == 32


@pytest.mark.parametrize(
    ("current", "then"),
    [
        ("http://testserver/w/acme/runs/?q=a", "/w/acme/runs/?q=a"),
        ("http://evil.example/w/acme/", "/"),
        ("", "/"),
        ("http://[::1", "/"),
    ],
)
def test_a_signed_out_live_region_redirects_to_sign_in(
    acme: Workspace, client: Client, current: str, then: str
) -> None:
    url = reverse("runs:list", args=[acme.slug])
    answer = client.get(url, headers={"hx-request": "true", "hx-current-url": current})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["HX-Redirect"].startswith(reverse("account_login") + "?next=")
    assert client.get(answer["HX-Redirect"]).wsgi_request.GET["next"] == then


def test_signing_in_without_htmx_is_an_ordinary_redirect(acme: Workspace, client: Client) -> None:
    url = reverse("runs:list", args=[acme.slug])
    assert client.get(url).status_code == 302


def test_a_lost_database_shows_the_outage_page(rf: RequestFactory) -> None:
    request = rf.get("/w/acme/")
    middleware = OutageMiddleware(lambda _request: HttpResponse())
    answer = middleware.process_exception(request, OperationalError("gone"))
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"cannot use its database" in answer.content
    assert b"gone" not in answer.content
    assert middleware.process_exception(request, ValueError()) is None


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_unknown_methods_are_refused(method: str, alice: User) -> None:
    browser = login_as(alice)
    answers = [browser.generic(method, path) for path in ("/keys/", "/admin/", "/healthz")]
    assert [answer.status_code for answer in answers] == [405] * 3


def test_pages_are_not_cached(acme: Workspace, alice: User) -> None:
    answer = login_as(alice).get(reverse("dashboard:overview", args=[acme.slug]))
    assert answer["Cache-Control"] == "private, no-store"
    assert "HX-Target" in answer["Vary"]


def test_errors_are_not_cached(acme: Workspace, alice: User, mallory: User) -> None:
    url = reverse("dashboard:overview", args=[acme.slug])
    answers = [
        login_as(alice).get("/nothing/here/"),
        login_as(mallory).get(url),
        login_as(alice).get("/healthz", headers={"host": "evil.example"}),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 400]
    assert {answer["Cache-Control"] for answer in answers} == {"private, no-store"}


def test_pages_are_compressed_and_padded_for_browsers_that_ask(
    acme: Workspace, alice: User
) -> None:
    browser = login_as(alice)
    plain = browser.get("/w/acme/runs/")
    assert not plain.has_header("Content-Encoding")
    lengths = set()
    for _ in range(20):
        packed = browser.get("/w/acme/runs/", headers={"accept-encoding": "gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed["Vary"]
        assert b"<title>Runs" in gzip.decompress(packed.content)
        assert len(packed.content) < len(plain.content) / 2
        lengths.add(len(packed.content))
    assert len(lengths) > 5
