from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.models import User

RESET = "/accounts/password/reset/"
NEW = "correct horse battery"


def reset_link(person: User) -> str:
    """As it is mailed."""
    Client().post(RESET, {"email": person.email})
    [path] = re.findall(r"http://testserver(\S+)", str(mail.outbox[-1].body))
    return str(path)


def without_email(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_without_email_there_is_no_reset_and_no_link_in_the_log(
    email: str, alice: User, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    without_email(settings)

    asked, sent = Client().get(RESET), Client().post(RESET, {"email": email})

    assert (asked.status_code, sent.status_code) == (200, 403)
    for answer in (asked, sent):
        assert "manage.py changepassword" in answer.content.decode()
    assert "/password/reset/key/" not in "".join(capfd.readouterr())


def test_a_link_from_before_sets_no_password_either(alice: User, settings: Settings) -> None:
    link = reset_link(alice)
    without_email(settings)

    browser = Client()
    page = browser.get(link, follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert "manage.py changepassword" in page.content.decode()
    assert not User.objects.get(pk=alice.pk).check_password(NEW)


def test_a_link_sets_a_password(alice: User) -> None:
    browser = Client()
    page = browser.get(reset_link(alice), follow=True)

    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert User.objects.get(pk=alice.pk).check_password(NEW)
