"""A session ends while somebody types a reason."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.auth.browser_sessions.timeouts import USED_KEY
from loopsweb.accounts.auth.kept_text import KEY
from loopsweb.accounts.models import Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.models import Checkpoint, Deactivation, Deployment, Sampler
from tests.personas import login_as
from tests.resources.rows import add_row
from tests.test_fresh_confirmation import list_subclasses

PASSWORD = "correct horse battery"
REASON = "It is idle: <b>& 'nobody' needs it</b>"
KEPT = "The reason you typed is in the form again once you have signed in."
NOTHING = "You were signed out before you sent the form. Nothing was done."


@pytest.fixture
def otto(otto: User) -> User:
    otto.set_password(PASSWORD)
    otto.save()
    return otto


@pytest.fixture
def pages(acme: Workspace, otto: User) -> dict[str, str]:
    add_row(Deployment, acme, "k4q95w5", status="ACTIVE", owner_email=otto.email)
    add_row(Sampler, acme, "smp1", status="ACTIVE")
    new = reverse("deactivations:new", args=[acme.slug, "deployments", "k4q95w5"])
    bulk = reverse("deactivations:bulk", args=[acme.slug, "samplers"])
    return {"one": new, "several": f"{bulk}?id=smp1"}


def send_signed_out(browser: Client, page: str, **fields: str) -> str:
    """Return where the browser is sent."""
    browser.logout()
    fields |= {"typed": "k4q95w5", "id": "smp1", "password": "a secret", "secret": "another"}
    referrer = {"Referer": f"http://testserver{page}"}
    answer = browser.post(page.partition("?")[0], fields, headers=referrer)
    assert answer.status_code == 302
    return str(answer["Location"])


@pytest.mark.parametrize("which", ["one", "several"])
def test_the_reason_is_in_the_form_again_after_sign_in(
    which: str, pages: dict[str, str], otto: User
) -> None:
    browser = login_as(otto)
    sign_in = send_signed_out(browser, pages[which], reason=REASON)

    told = browser.get(sign_in).content.decode()
    assert f"{NOTHING} {KEPT}" in told
    back = browser.post(sign_in, {"login": otto.email, "password": PASSWORD})
    form = browser.get(back["Location"]).content.decode()

    assert parse_qs(urlsplit(sign_in).query) == {"next": [pages[which]]}
    assert back["Location"] == pages[which]
    assert "It is idle: &lt;b&gt;&amp; &#x27;nobody&#x27; needs it&lt;/b&gt;</textarea>" in form
    assert (
        Deactivation.objects.count(),
        Event.objects.exclude(action="person.sign_in").count(),
    ) == (
        0,
        0,
    )


def test_a_session_that_timed_out_keeps_it_too(pages: dict[str, str], otto: User) -> None:
    browser = login_as(otto)
    session = browser.session
    session[USED_KEY] = 0
    session.save()
    referrer = {"Referer": f"http://testserver{pages['one']}"}

    answer = browser.post(pages["one"], {"reason": REASON}, headers=referrer, follow=True)

    assert answer.redirect_chain == [(f"/accounts/login/?next={quote(pages['one'], safe='')}", 302)]
    page = answer.content.decode()
    assert ("You were away for too long" in page, f"{NOTHING} {KEPT}" in page) == (True, True)
    assert browser.session[KEY]["fields"] == {"reason": [REASON]}


def test_nothing_but_the_text_is_kept(pages: dict[str, str], otto: User) -> None:
    browser = login_as(otto)
    send_signed_out(browser, pages["one"], reason=REASON)

    assert set(browser.session.keys()) == {KEY, "_session_expiry"}
    assert browser.session["_session_expiry"] == 3600
    kept = browser.session[KEY]
    assert (kept["page"], kept["fields"]) == (pages["one"], {"reason": [REASON]})


def test_another_page_shows_nothing_of_it(pages: dict[str, str], otto: User) -> None:
    browser = login_as(otto)
    send_signed_out(browser, pages["one"], reason="It is idle")
    browser.force_login(otto, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert "It is idle" not in browser.get(pages["several"]).content.decode()
    assert "It is idle" in browser.get(pages["one"]).content.decode()


def test_it_is_gone_once_a_form_is_sent(pages: dict[str, str], otto: User) -> None:
    browser = login_as(otto)
    send_signed_out(browser, pages["one"], reason="It is idle")
    browser.force_login(otto, backend="allauth.account.auth_backends.AuthenticationBackend")
    browser.post(pages["one"], {"reason": "another"})

    assert "It is idle" not in browser.get(pages["one"]).content.decode()


def test_without_a_reason_the_person_is_told_and_nothing_is_kept(
    pages: dict[str, str], otto: User
) -> None:
    browser = login_as(otto)
    sign_in = send_signed_out(browser, pages["one"])

    assert NOTHING in browser.get(sign_in).content.decode()
    assert browser.session.get("kept_text") is None


def test_a_note_on_a_page_comes_back(acme: Workspace, otto: User, pages: dict[str, str]) -> None:
    acme.team.memberships.filter(user=otto).update(role=Role.ADMIN)
    browser, page = login_as(otto), reverse("deployments:detail", args=[acme.slug, "k4q95w5"])
    browser.logout()
    browser.post(
        f"{page}protection/",
        {"protect": "on", "note": 'the "gold" run'},
        headers={"Referer": f"http://testserver{page}"},
    )
    browser.force_login(otto, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert 'value="the &quot;gold&quot; run"' in browser.get(page).content.decode()


def test_every_form_with_a_reason_or_note_shows_what_was_kept(acme: Workspace, otto: User) -> None:
    add_row(Deployment, acme, "broken", status="FAILED", changed_at=timezone.now())
    of_run = {"run_remote_id": "run_1", "target": "trainer", "sync_status": "COMPLETE"}
    at = {"created_at": timezone.now(), "size_bytes": 1}
    add_row(Checkpoint, acme, "c0", name="step-1", **of_run, **at)
    plan, pin = reverse("cleanups:plan", args=[acme.slug]), ["acme", "c0"]
    pages = [
        f"{reverse('dashboard:snooze', args=[acme.slug])}?thing=deployments FAILED broken",
        f"{plan}?newest=0",
        reverse("cleanups:pin", args=pin),
    ]

    for page in pages:
        browser = login_as(otto)
        send_signed_out(browser, page, reason="It is idle", note="It is idle")
        browser.force_login(otto, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert 'value="It is idle"' in browser.get(page).content.decode(), page


def test_no_other_form_has_such_a_field() -> None:
    """Each view shows what was kept: a new one must, too."""
    found = {
        form.__name__
        for form in list_subclasses(forms.BaseForm)
        if form.__module__.startswith("loopsweb.")
        and "styleguide" not in form.__module__
        and not {"reason", "note"}.isdisjoint(getattr(form, "base_fields", {}))
    }

    lifting, cleaning = {"ProtectForm", "LiftForm"}, {"PinForm", "RequestForm"}
    ending = {"DeactivateForm", "BreakGlassForm", "BatchForm", "NoteForm"}
    assert found == {"SnoozeForm"} | lifting | cleaning | ending


def test_strangers_fill_the_table_of_sessions_slowly(pages: dict[str, str]) -> None:
    browsers = [Client() for _ in range(25)]
    for browser in browsers:
        sent = {"Referer": f"http://testserver{pages['one']}"}
        browser.post(pages["one"], {"reason": "x"}, headers=sent)

    assert sum(KEY in browser.session for browser in browsers) == 20


def test_a_browser_that_hides_the_page_is_promised_nothing(pages: dict[str, str]) -> None:
    browser = Client()

    page = browser.post(pages["one"], {"reason": "It is idle"}, follow=True).content.decode()

    assert (NOTHING in page, KEPT in page) == (True, False)
    assert KEY not in browser.session


def test_signing_in_wrongly_is_not_told_as_a_form(otto: User) -> None:
    page = Client().post("/accounts/login/", {"login": otto.email, "password": "wrong"})

    assert NOTHING not in page.content.decode()


@pytest.mark.parametrize(
    "referrer", ["//[x/", "//elsewhere.example/keys/", "/\\elsewhere.example/"]
)
def test_an_unusual_referrer_leads_to_the_start(referrer: str, db: None) -> None:
    headers = {"Referer": f"http://testserver{referrer}"}

    answer = Client().post("/teams/new/", {"reason": REASON}, headers=headers)

    assert answer["Location"] == "/accounts/login/?next=%2F"
