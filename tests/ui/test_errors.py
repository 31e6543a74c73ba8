from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

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


def test_a_csrf_failure_explains_itself(acme: Workspace, alice: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    answer = browser.post(reverse("account_logout"))
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()
    assert "Nothing was changed." in answer.content.decode()


def test_an_unknown_host_is_a_bad_request(client: Client) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
