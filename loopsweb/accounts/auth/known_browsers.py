"""Browsers in which a person has signed in before. They have sign-in limits of their own, so that
nobody else's wrong passwords keep the person out."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.account.signals import user_logged_in
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from loopsweb.accounts.models import User

LIFETIME = 365 * 24 * 3600  # seconds
MAX_PEOPLE = 10


def find_known_browser(request: HttpRequest, email: str) -> str:
    """Its id if this person signed in there before, else ""."""
    browser, *people = read_cookie(request)
    if not people:
        return ""
    person = User.objects.filter(email__iexact=email).values_list("pk", flat=True).first()
    return browser if str(person) in people else ""


@receiver(user_logged_in)
def remember_browser(request: HttpRequest, response: HttpResponse, user: User, **_: Any) -> None:
    browser, *people = read_cookie(request)
    others = [each for each in people if each != str(user.pk)]
    value = [browser or secrets.token_hex(16), *others[1 - MAX_PEOPLE :], str(user.pk)]
    response.set_signed_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        ".".join(value),
        max_age=LIFETIME,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def read_cookie(request: HttpRequest) -> list[str]:
    """The browser's id, "" if it has none, and the numbers of the people."""
    name = settings.KNOWN_BROWSER_COOKIE_NAME
    value = request.get_signed_cookie(name, default="", max_age=LIFETIME)
    return str(value).split(".")
