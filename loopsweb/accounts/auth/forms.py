"""Forms of allauth: with limits to guessing inside a session, and no secret in the session."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import forms as account_forms
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret
from django import forms
from django.core.exceptions import ValidationError

from loopsweb.accounts.auth.guesses import WRONG_CODE, check_guess, check_password
from loopsweb.accounts.models import User


class ReauthenticateForm(account_forms.ReauthenticateForm):  # type: ignore[misc]
    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        check_password(self.user, password, error="incorrect_password")
        return password


class ChangePasswordForm(account_forms.ChangePasswordForm):  # type: ignore[misc]
    LABELS: ClassVar = {
        "oldpassword": "Current password",
        "password1": "New password",
        "password2": "New password again",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.LABELS.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)

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


class ActivateTOTPForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]
    """Keeps the new secret encrypted in the session. allauth removes it once the app is set up."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        forms.Form.__init__(self, *args, **kwargs)
        self.user, session, adapter = user, context.request.session, get_adapter()
        if not (self.is_bound and SECRET_SESSION_KEY in session):
            session[SECRET_SESSION_KEY] = adapter.encrypt(generate_totp_secret())
        self.secret = adapter.decrypt(session[SECRET_SESSION_KEY])
