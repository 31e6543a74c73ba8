from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from loopsweb.accounts.models import Role, User
from loopsweb.accounts.teams.forms import MAX_EMAIL_LENGTH, ONE_LINE


class InviteForm(forms.Form):
    email = forms.EmailField(
        label="Email", max_length=MAX_EMAIL_LENGTH, help_text="The email they sign in with."
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.VIEWER)


class NewAccountForm(forms.Form):
    name = forms.CharField(label="Name", max_length=150, validators=[ONE_LINE])
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, and not a common password.",
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "password" in data:
            person = User(email=self.email, name=data.get("name", ""))
            try:
                validate_password(data["password"], person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
