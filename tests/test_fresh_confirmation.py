"""Every URL that takes a form asks for a recent confirmation first, or says why it does not."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from pytest_django import Settings

from loopsweb.accounts.auth.form_words import WORDS
from loopsweb.accounts.auth.kept_form import SECRET_FIELDS
from loopsweb.accounts.authorization.decorators import PUBLIC, SIGNED_LINK
from loopsweb.accounts.authorization.roles import READ_PERMISSIONS
from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.simulator import Simulator
from tests.personas import create_root, login_as
from tests.routes import ALL, OURS, Route
from tests.sample_data import SampleData, create_sample_data

PASSWORD = "correct horse battery"
# Our views that decide by themselves, with their reasons.
SEEN_FIRST = "It asks by itself, for what is not the person's own."
OR_GLASS = "It asks by itself, for what is others' and to break the glass."
HIDES = "It hides a line for some days, shows who did, and is undone at once."
HURRY = "There may be seconds only, and nothing ends by it."
UNCONFIRMED = {
    "w/<slug:workspace>/attention/snooze/": HIDES,
    "w/<slug:workspace>/attention/snoozes/<uuid:snooze>/end/": HIDES,
    "accounts/form/<uuid:form>/cancel/": "It goes back to the form, and sends nothing.",
    "keys/<uuid:uid>/check/": "It only asks the API again.",
    "w/<slug:workspace>/<ending:kind>/<remote_id:remote_id>/deactivation/": OR_GLASS,
    "w/<slug:workspace>/<ending:kind>/deactivations/": SEEN_FIRST,
    "w/<slug:workspace>/deactivations/<uuid:incident>/withdrawal/": HURRY,
    "w/<slug:workspace>/cleanups/<uuid:cleanup>/withdrawal/": HURRY,
    "w/<slug:workspace>/deactivations/batches/<uuid:batch>/stop/": HURRY,
}
# Pages of libraries, by the start of their path.
OF_LIBRARIES = {
    "accounts/login/": "signs in",
    "accounts/logout/": "signs out",
    "accounts/signup/": "closed",
    "accounts/inactive/": "only shows",
    "accounts/reauthenticate/": "is the confirmation",
    "accounts/email/": "closed",
    "accounts/confirm-email/": "closed",
    "accounts/password/change/": "asks for the present password",
    "accounts/password/reset/": "goes by mail",
    "accounts/login/code/confirm/": "only for people without a session",
    "accounts/sessions/": "is replaced by ours",
    "accounts/2fa/": "only shows, or is named below",
    "accounts/oidc/": "signs in at the provider",
    "accounts/3rdparty/": "asks by itself: allauth's reauthentication",
    "accounts/social/": "asks by itself: allauth's reauthentication",
    "admin/login/": "leads to our sign-in",
    "admin/logout/": "signs out",
    "api/v1/": "takes access tokens, no browser session",
}
ONLY_SHOWN = {
    "", "help-idleness", "help-statuses", "home", "keys:detail", "kept_form", "search",
    "second_factor", "sessions_of_person", "styleguide", "team_tokens:list", "teams:detail",
    "teams:list", "teams:sessions", "tokens:list",
}  # fmt: skip
WITHOUT_ASKING = {
    "cancel_kept_form", "cleanups:withdraw", "dashboard:snooze", "dashboard:unsnooze",
    "deactivations:stop", "deactivations:withdrawal", "keys:check",
}  # fmt: skip
CONFIRMED_IN_LIBRARIES = {
    "accounts/2fa/totp/activate/",
    "accounts/2fa/totp/deactivate/",
    "accounts/2fa/recovery-codes/generate/",
    "accounts/2fa/webauthn/add/",
}


@pytest.fixture
def samples(alice: User, otto: User, vic: User, acme: Workspace, now: datetime) -> SampleData:
    return create_sample_data(alice, otto, acme, now)


@cache
def hash_password() -> str:
    return make_password(PASSWORD)


def sign_in_long_ago(person: User) -> Client:
    person.password = hash_password()
    person.save()
    browser = login_as(person)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 3600}]
    session.save()
    return browser


def test_views_that_do_not_ask_say_why() -> None:
    marked = {each.pattern: getattr(each.view, "unconfirmed", "") for each in OURS}

    assert {pattern: why for pattern, why in marked.items() if why} == UNCONFIRMED


def test_every_other_form_needs_a_recent_confirmation(
    samples: SampleData, alice: User, loops: Simulator
) -> None:
    browser, before = sign_in_long_ago(alice), Event.objects.count()
    asking = [each for each in OURS if asks(each) and each.pattern not in UNCONFIRMED]

    silent = [
        each.pattern
        for each in asking
        if not is_asked(browser.post(each.url(samples), {"reason": "idle"}))
    ]

    assert (silent, Event.objects.count(), loops.requests) == ([], before, [])


def asks(route: Route) -> bool:
    return not (route.permission in {PUBLIC, SIGNED_LINK} or only_reads(route))


def list_views(resolver: Any, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The name of each URL, with that of its application, and its view."""
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield ":".join([*spaces, each.name or ""]), each.callback
        else:
            yield from list_views(each, (*spaces, each.namespace) if each.namespace else spaces)


def only_reads(route: Route) -> bool:
    """Its form exports or downloads."""
    return route.pattern.startswith("w/") and route.permission in READ_PERMISSIONS


def test_pages_of_libraries_ask_too(samples: SampleData) -> None:
    browser, ours = sign_in_long_ago(create_root()), {each.view for each in OURS}
    patterns = [each.pattern.replace("^", "") for each in ALL if each.view not in ours]
    asking = [
        each
        for each in patterns
        if each in CONFIRMED_IN_LIBRARIES or not each.startswith(tuple(OF_LIBRARIES))
    ]

    silent = [each for each in asking if not is_asked(browser.post(f"/{fill_in(each)}"))]

    assert silent == []
    assert set(asking) > CONFIRMED_IN_LIBRARIES


def fill_in(pattern: str) -> str:
    """Any value for each argument."""
    return re.sub(r"\(\?P<\w+>[^)]*\)\$?|<[^>]+>", "1", pattern)


def is_asked(response: Any) -> bool:
    paths = ("/accounts/reauthenticate/", "/accounts/2fa/reauthenticate/")
    return str(response.get("Location", "")).startswith(paths)


def test_what_was_typed_is_carried_out_after_the_confirmation(alice: User, acme: Workspace) -> None:
    browser = sign_in_long_ago(alice)
    url = reverse("teams:rename", args=[acme.team_id])
    words = "<strong>Rename the team to Renamed</strong>"

    asked = browser.post(f"{url}?from=here", {"name": "Renamed"})["Location"]
    page = browser.get(asked).content.decode()
    given = {"password": "wrong", "next": url}
    wrong = browser.post(reverse("account_reauthenticate"), given).content.decode()
    done = browser.post(reverse("account_reauthenticate"), given | {"password": PASSWORD})

    assert (words in page, words in wrong) == (True, True)
    assert done["Location"] == reverse("teams:detail", args=[acme.team_id])
    acme.team.refresh_from_db()
    assert acme.team.name == "Renamed"


def test_a_cancelled_confirmation_sends_nothing_and_keeps_what_was_typed(
    alice: User, acme: Workspace
) -> None:
    browser, team = sign_in_long_ago(alice), reverse("teams:detail", args=[acme.team_id])
    url = reverse("teams:invite", args=[acme.team_id])
    form = {"email": "new@example.com", "role": "operator"}
    asked = browser.post(url, form, headers={"Referer": f"http://testserver{team}"})["Location"]
    page = browser.get(asked).content.decode()
    [cancel] = re.findall(r'action="(/accounts/form/[^"]+)"', page)

    cancelled = browser.post(cancel)

    assert cancelled["Location"] == team
    invite = browser.get(team).context["invite"]
    assert (invite["email"].value(), invite["role"].value()) == ("new@example.com", "operator")
    done = browser.post(asked, {"password": PASSWORD})
    assert (done["Location"], acme.team.invitations.count()) == (url, 0)


def test_every_form_that_asks_says_in_words_what_it_does() -> None:
    names = {id(view): name for name, view in list_views(get_resolver())}
    of_libraries = {"account_set_password", "mfa_activate_totp", "mfa_deactivate_totp"}
    of_libraries |= {"mfa_add_webauthn", "mfa_generate_recovery_codes"}

    asking = {names[id(each.view)] for each in OURS if asks(each)} - ONLY_SHOWN - WITHOUT_ASKING

    assert asking | of_libraries == {*WORDS, "cleanups:request"}


def test_the_filter_of_a_list_counts_after_the_confirmation(alice: User, otto: User) -> None:
    """What is selected "across all pages" in /admin/ depends on it."""
    for person in (alice, otto):
        login_as(person).get("/keys/")
    browser = sign_in_long_ago(create_root())
    selected = UserSession.objects.filter(user=otto).values_list("pk", flat=True)
    form = {"action": "delete_selected", "select_across": "1", "_selected_action": selected}

    asked = browser.post(f"/admin/usersessions/usersession/?q={otto.email}", form)["Location"]
    page = browser.post(asked, {"password": PASSWORD})

    assert [each.user for each in page.context["queryset"]] == [otto]


def test_read_only_mode_refuses_forms_that_were_kept(
    alice: User, acme: Workspace, settings: Settings
) -> None:
    browser = sign_in_long_ago(alice)
    asked = browser.post(reverse("teams:rename", args=[acme.team_id]), {"name": "Renamed"})
    settings.LOOPSWEB_READ_ONLY = True

    refused = browser.post(asked["Location"], {"password": PASSWORD})

    acme.team.refresh_from_db()
    assert (refused.status_code, acme.team.name) == (403, "Acme")


def test_fields_with_a_secret_are_not_kept() -> None:
    fields = {
        name
        for form in list_subclasses(forms.BaseForm)
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field.widget, forms.PasswordInput)
    }

    assert fields - SECRET_FIELDS == set()
    assert {"secret", "password1"} <= fields


def list_subclasses(parent: type) -> set[type]:
    found: set[type] = set(parent.__subclasses__())
    return found.union(*map(list_subclasses, found))


def test_the_session_key_changes_with_the_confirmation(alice: User, acme: Workspace) -> None:
    browser = sign_in_long_ago(alice)
    browser.get("/accounts/sessions/")
    before = browser.session.session_key or ""

    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})

    assert browser.session.session_key != before
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = before
    assert thief.get("/keys/").status_code == 302
    [listed] = browser.get("/accounts/sessions/").context["sessions"]
    assert listed.session_key == browser.session.session_key
