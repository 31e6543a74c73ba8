"""A form that was interrupted by a confirmation: its person sends or cancels it afterwards."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from loopsweb.accounts.auth import kept_form
from loopsweb.accounts.auth.browser_sessions import timeouts
from loopsweb.accounts.models import Workspace
from loopsweb.resources.models import Deployment, Protection
from tests.accounts.auth.oidc_provider import EVE, Provider, find_next, sign_in
from tests.resources.rows import add_row

LEAD = EVE | {"groups": ["leads"]}
NOTE = 'the "gold" run:\r\n<b>keep</b> it'
PAGE = "/w/acme/deployments/k4q95w5/"
GONE = "This form is no longer kept"


@pytest.fixture
def protection(acme: Workspace) -> str:
    """The path that protects a deployment."""
    add_row(Deployment, acme, "k4q95w5", status="ACTIVE")
    return reverse("deactivations:protection", args=[acme.slug, "deployments", "k4q95w5"])


@pytest.fixture
def browser(provider: Provider, acme: Workspace, settings: Settings) -> Client:
    """Eve's. Her provider signed her in without asking."""
    settings.OIDC_ISSUER = provider.issuer
    return sign_in(provider, LEAD).client  # type: ignore[no-any-return]


def submit(browser: Client, path: str, **fields: str | list[str]) -> str:
    """Where she confirms first."""
    sent = {"protect": "on", "note": NOTE} | fields
    page = {"Referer": f"http://testserver{PAGE}"}
    return browser.post(path, sent, headers=page)["Location"]


def confirm(browser: Client, provider: Provider, confirmation: str) -> str:
    """Where she is afterwards."""
    return str(sign_in(provider, LEAD, browser, at=confirmation)["Location"])


def is_kept(browser: Client) -> bool:
    return kept_form.KEY in browser.session


def expire(browser: Client) -> None:
    session = browser.session
    session[kept_form.KEY]["until"] -= kept_form.HOUR
    session.save()


def test_it_is_sent_with_one_click(protection: str, browser: Client, provider: Provider) -> None:
    back = confirm(browser, provider, submit(browser, protection, x=["1", "2"]))
    page = browser.get(back)
    kept, text = page.context["form"], page.content.decode()

    assert kept.list_fields() == [("protect", "on"), ("note", NOTE), ("x", "1"), ("x", "2")]
    assert (kept.action, kept.back) == (protection, PAGE)
    assert "<h1>Change the protection of k4q95w5?</h1>" in text
    assert (protection in text.partition("<h1>")[2].partition("<form")[0]) is False
    assert "&quot;gold&quot; run:\r\n&lt;b&gt;keep&lt;/b&gt;" in text
    assert "<details" not in text.partition("<h1>")[2]
    assert Protection.objects.count() == 0
    browser.post(kept.action, dict(kept.list_fields()))
    assert (Protection.objects.get().reason, is_kept(browser)) == (NOTE, False)
    assert GONE in browser.get(back).content.decode()


def test_the_form_of_another_tab_is_not_sent_instead(
    protection: str, browser: Client, provider: Provider
) -> None:
    first = submit(browser, protection)
    second = find_next(submit(browser, protection, note="of the second tab"))

    page = browser.get(confirm(browser, provider, first))

    assert (page.status_code, page.context["title"]) == (410, GONE)
    assert "Nothing was sent." in page.content.decode()
    kept = browser.get(second).context["form"]
    assert ("note", "of the second tab") in kept.list_fields()


def test_it_is_cancelled_with_one_click(
    protection: str, browser: Client, provider: Provider
) -> None:
    first = find_next(submit(browser, protection))
    back = confirm(browser, provider, submit(browser, protection))
    assert f'action="{back}cancel/"' in browser.get(back).content.decode()
    assert browser.get(f"{back}cancel/")["Location"] == back
    assert (browser.post(f"{first}cancel/").status_code, is_kept(browser)) == (410, True)

    cancelled = browser.post(f"{back}cancel/")

    assert (cancelled["Location"], is_kept(browser)) == (PAGE, False)
    assert Protection.objects.count() == 0


def test_it_is_cancelled_without_a_confirmation(protection: str, browser: Client) -> None:
    back = find_next(submit(browser, protection))

    assert browser.post(f"{back}cancel/")["Location"] == PAGE
    assert not is_kept(browser)


def test_it_is_kept_for_an_hour(protection: str, browser: Client) -> None:
    back = find_next(submit(browser, protection))
    assert browser.get(back).status_code == 200
    expire(browser)

    assert (browser.get(back).status_code, is_kept(browser)) == (410, False)


def test_an_expired_one_goes_when_the_session_is_saved(protection: str, browser: Client) -> None:
    submit(browser, protection)
    expire(browser)
    browser.get("/keys/")
    assert is_kept(browser)
    session = browser.session
    session[timeouts.USED_KEY] = time.time() - 3600
    session.save()

    browser.get("/keys/")

    assert not is_kept(browser)


def test_a_long_form_is_not_kept(protection: str, browser: Client) -> None:
    confirmation = submit(browser, protection, note="x" * kept_form.MAX_BYTES)

    assert (find_next(confirmation), is_kept(browser)) == (PAGE, False)
