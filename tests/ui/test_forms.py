"""The errors of every form are in our words, and name what is missing."""

from __future__ import annotations

import pytest
from django import forms

from loopsweb.ui.forms import fill_forms, name_with_article


class Sample(forms.Form):
    name = forms.CharField(max_length=3)
    size = forms.IntegerField(min_value=1, max_value=9)
    kind = forms.ChoiceField(choices=[("a", "A")])
    agreed = forms.BooleanField()
    email = forms.EmailField()
    reason = forms.CharField(error_messages={"required": "Say why."})
    once = forms.CharField(widget=forms.HiddenInput, initial="1")


def test_a_missing_value_is_asked_for_by_name() -> None:
    assert {name: list(errors) for name, errors in Sample({"once": "1"}).errors.items()} == {
        "name": ["Enter a name."],
        "size": ["Enter a number."],
        "kind": ["Choose a kind."],
        "agreed": ["Tick this to go on."],
        "email": ["Enter an email."],
        "reason": ["Say why."],
    }


def test_a_wrong_value_is_answered_with_what_is_right() -> None:
    sent = {"name": "long", "size": "0", "kind": "b", "agreed": "on", "email": "a@b.c"}
    form = Sample(sent | {"reason": "x", "once": "1"})
    assert form.errors == {
        "name": ["Enter at most 3 characters. These are 4."],
        "size": ["Enter a number of at least 1."],
        "kind": ["Choose one of those offered."],
        "email": ["Enter a valid email address."],
    }
    assert Sample(sent | {"size": "10"}).errors["size"] == ["Enter a number of at most 9."]


@pytest.mark.parametrize(
    ("label", "named"),
    [
        ("Name", "a name"),
        ("API key", "an API key"),
        ("Email", "an email"),
        ("New Password (again)", "a new password (again)"),
        ("URI", "a URI"),
        ("LoRA rank", "a LoRA rank"),
        ("bt:// URI", "a bt:// URI"),
        ("Session ID", "a session ID"),
    ],
)
def test_labels_get_their_article(label: str, named: str) -> None:
    assert name_with_article(label) == named


def test_a_form_that_was_not_sent_has_what_was_typed_before() -> None:
    with fill_forms({"name": ["abc"], "agreed": ["on"], "once": ["7"]}):
        form = Sample(initial={"size": 4})
        shown = {name: form[name].value() for name in ("name", "size", "agreed", "once")}
        assert shown == {"name": "abc", "size": None, "agreed": True, "once": "1"}
        assert Sample({"name": "x"})["name"].value() == "x"
    assert Sample(initial={"size": 4})["size"].value() == 4
