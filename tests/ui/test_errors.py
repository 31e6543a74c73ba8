from __future__ import annotations

from html import unescape

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.ui import errors
from tests.personas import login_as


def test_404_explains_itself(acme: Workspace, alice: User) -> None:
    answer = login_as(alice).get(reverse("runs:detail", args=[acme.slug, "<b>gone</b>"]))
    assert answer.status_code == 404
    assert "The API has not reported &lt;b&gt;gone&lt;/b&gt;" in answer.content.decode()


@pytest.mark.parametrize("path", ["/nothing/here/", "/teams/1/x/", "/w/acme/nothing/", "/%00/"])
def test_an_unknown_url_reveals_no_url_patterns(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 404
    assert "Page not found" in page
    assert [word for word in ("URLPattern", "site_urls", ".py") if word in page] == []
    assert 'class="frame"' not in page  # nobody has signed in, so there is nothing to open


@pytest.mark.django_db
def test_each_error_has_a_page(rf: RequestFactory) -> None:
    request = rf.get("/")
    answers = [
        errors.bad_request(request),
        errors.forbidden(request, PermissionDenied("Your role is viewer.")),
        errors.not_found(request, Http404()),
        errors.csrf_failure(request, "no cookie"),
        errors.server_error(request),
    ]
    assert [answer.status_code for answer in answers] == [400, 403, 404, 403, 500]
    assert "Your role is viewer." in answers[1].content.decode()
    assert "no cookie" not in answers[3].content.decode()


def test_a_database_lost_in_a_middleware_is_an_outage(rf: RequestFactory) -> None:
    def lose_it() -> HttpResponse:
        raise InterfaceError("connection already closed")

    try:
        lose_it()
    except InterfaceError:
        answer = errors.server_error(rf.get("/"))
    assert answer.status_code == 503


HOSTILE = "https://evil.example/<b>free</b>"


@pytest.mark.parametrize(
    ("headers", "title", "advice"),
    [
        ({}, "This form has expired", {"reload the page"}),
        ({"Origin": "http://testserver"}, "This form has expired", {"reload the page"}),
        ({"Cookie": ""}, "Your browser sent no cookie", {"Allow cookies", "LOOPSWEB_HTTPS=1"}),
        (
            {"Origin": "https://testserver"},
            "This form came from another address",
            {"LOOPSWEB_HTTPS=1", "X-Forwarded-Proto"},
        ),
        ({"Origin": HOSTILE}, "This form came from another address", {"CSRF_TRUSTED_ORIGINS"}),
        ({"Origin": "null"}, "This form came from another address", {"Host header"}),
        (
            {"X-Forwarded-Proto": "https", "Referer": HOSTILE},
            "This form came from another address",
            {"CSRF_TRUSTED_ORIGINS"},
        ),
        (
            {"X-Forwarded-Proto": "https"},
            "This form came from another address",
            {"CSRF_TRUSTED_ORIGINS"},
        ),
    ],
)
def test_a_refused_form_says_what_to_set(
    headers: dict[str, str],
    title: str,
    advice: set[str],
    acme: Workspace,
    alice: User,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    if "Cookie" not in headers:
        browser.get("/keys/add/", headers={"X-Forwarded-Proto": "https"})

    answer = browser.post(reverse("account_logout"), {"csrfmiddlewaretoken": "x"}, headers=headers)

    page = unescape(answer.content.decode())
    assert answer.status_code == 403
    assert f"<h1>{title}</h1>" in page
    assert "Nothing was changed." in page
    assert {words for words in advice if words in page} == advice
    assert "evil" not in page
    assert advice <= {words for words in advice if words in caplog.text}


@pytest.mark.parametrize("https", [False, True])
def test_an_unknown_host_is_told_apart(
    https: bool, client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECURE_SSL_REDIRECT = https

    answer = client.get("/accounts/login/", headers={"host": "evil.example"})

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "loopsweb does not answer under this name" in page
    assert "ALLOWED_HOSTS" in page
    assert ["evil" in page, "<a" in page] == [False, False]
    assert "You may need to add 'evil.example' to ALLOWED_HOSTS." in caplog.text
    assert answer["Cache-Control"] == "private, no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
