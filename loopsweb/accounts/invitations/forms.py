from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from loopsweb.accounts.models import Role, User
from loopsweb.accounts.teams.forms import LONGEST_EMAIL, ONE_LINE


class Invite(forms.Form):
    email = forms.EmailField(
        label="Email", max_length=LONGEST_EMAIL, help_text="They sign in with it."
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class NewPerson(forms.Form):
    name = forms.CharField(label="Name", max_length=150, validators=[ONE_LINE])
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Eight characters or more, and none that many people use.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "password" in given:
            person = User(email=self.email, name=given.get("name", ""))
            try:
                validate_password(given["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return given
