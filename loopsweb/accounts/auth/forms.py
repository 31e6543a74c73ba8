"""Forms of allauth, with limits to guessing inside a session."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account_forms
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from django.core.exceptions import ValidationError

from loopsweb.accounts.auth.guesses import WRONG_CODE, check_guess, check_password


class ReauthenticateForm(account_forms.ReauthenticateForm):  # type: ignore[misc]
    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(self.user, password, error="incorrect_password")
        return password


class ChangePasswordForm(account_forms.ChangePasswordForm):  # type: ignore[misc]
    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        check_password(self.user, password, error="enter_current_password")
        return password


class ReauthenticateByCodeForm(mfa_forms.ReauthenticateForm):  # type: ignore[misc]
    def clean_code(self) -> Any:
        if not check_guess(self.user, self.is_code_right, wrong=WRONG_CODE):
            raise get_adapter().validation_error("incorrect_code")
        return self.cleaned_data["code"]

    def is_code_right(self) -> bool:
        try:
            super().clean_code()
        except ValidationError:
            return False
        return True
