"""Addresses that only take forms, opened by hand; and the errors of a form, above its page."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import CharField, Form
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy

from loopsweb.accounts.models import User, Workspace
from tests.personas import login_as


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/teams/{team}/invitations/", "/teams/{team}/"),
        ("/teams/{team}/members/", "/teams/{team}/"),
        ("/w/acme/checkpoints/plan/request/", "/w/acme/checkpoints/plan/"),
    ],
)
def test_an_address_that_only_takes_forms_leads_to_the_page_with_the_form(
    path: str, leads_to: str, alice: User, acme: Workspace
) -> None:
    browser, team = login_as(alice), acme.team_id
    answer = browser.get(path.format(team=team))
    assert (answer.status_code, answer["Location"]) == (302, leads_to.format(team=team))
    assert browser.get(answer["Location"]).status_code == 200


def test_other_methods_get_a_page_of_ours(alice: User, acme: Workspace) -> None:
    answer = login_as(alice).put(reverse("teams:invite", args=[acme.team_id]))
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Nothing was done." in answer.content.decode()


def test_nobody_is_led_on_before_they_signed_in(acme: Workspace) -> None:
    path = reverse("teams:invite", args=[acme.team_id])
    assert Client().get(path)["Location"] == f"/accounts/login/?next={path}"


@pytest.mark.parametrize(
    ("url_name", "field", "error"),
    [
        ("teams:add_member", "id_email", "Enter a valid email address."),
        ("teams:invite", "id_invite_email", "Enter a valid email address."),
    ],
)
def test_errors_are_summed_up_above_the_page_and_lead_to_their_fields(
    url_name: str, field: str, error: str, alice: User, acme: Workspace
) -> None:
    url = reverse(url_name, args=[acme.team_id])
    answer = login_as(alice).post(url, {"email": "nobody", "role": "viewer"})
    page = answer.content.decode().partition('<main id="main"')[2]
    summary, _, rest = page.partition("<h1")
    assert answer.status_code == 422
    assert f'<a href="#{field}">{error}</a>' in summary
    assert (summary.count("autofocus"), rest.count("autofocus")) == (1, 0)
    assert f'id="{field}"' in rest


@pytest.mark.parametrize(
    ("label", "error", "said"),
    [
        ("Type 463 to confirm", "Type 463 to confirm.", "Type 463 to confirm."),
        (gettext_lazy("Reason"), gettext_lazy("Enter a reason."), "Enter a reason."),
        ("API key", "Enter an API key.", "Enter an API key."),
        ("Name (optional)", "Name (optional) is taken.", "Name (optional) is taken."),
        ("Age", "Enter a page number.", "Age: Enter a page number."),
        ("Days", "Enter a number of at least 1.", "Days: Enter a number of at least 1."),
    ],
)
def test_an_error_that_names_its_field_says_it_once(label: Any, error: Any, said: str) -> None:
    form = Form({"field": "x"})
    form.fields["field"] = CharField(label=label)
    form.add_error("field", error)
    summary = render_to_string("ui/error_summary.html", {"forms": [form]})
    assert " ".join(strip_tags(summary).split()) == f"Nothing was done. {said}"


def test_every_page_with_a_form_has_the_summary_once(alice: User, acme: Workspace) -> None:
    browser = login_as(alice)
    for path, sent in {
        "/keys/add/": {"name": "", "secret": "", "workspace": acme.slug},
        "/tokens/make/": {"name": ""},
        "/teams/new/": {"name": ""},
        "/w/acme/sessions/enter/": {"session_id": ""},
    }.items():
        page = browser.post(path, sent).content.decode()
        assert (path, page.count('class="explained bad summary"')) == (path, 1)
