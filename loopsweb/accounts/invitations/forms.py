from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from loopsweb.accounts.auth.passwords import refuse_words, split_words
from loopsweb.accounts.models import Team, User
from loopsweb.ui.visible_text import validate_visible


class NewAccountForm(forms.Form):
    name = forms.CharField(label="Name", max_length=150, validators=[validate_visible])
    password = forms.CharField(
        label="Password",
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, not a common password, and not made of your email or the "
        "names of this site and its teams.",
    )

    def __init__(self, *args: Any, email: str, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email, self.team = email, team

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
        refuse_words(password, split_words(self.team.name))
        return password
