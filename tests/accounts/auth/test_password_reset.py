from __future__ import annotations

import re
import socket
import time

import pytest
from django.core import mail
from django.db import DatabaseError
from django.test import Client
from pytest_django import Settings

from loopsweb.accounts.auth.adapter import mailer
from loopsweb.accounts.models import User
from loopsweb.audit.models import Event
from tests.accounts.auth.failing_audit import failing_audit

PASSWORD = "correct horse battery"
RESET = "/accounts/password/reset/"
NEW = "correct horse battery"


def wait_for_mails() -> list[mail.EmailMessage]:
    mailer.submit(int).result()
    return mail.outbox


def test_resetting_the_password(ada: User) -> None:
    browser = Client()

    sent = browser.post("/accounts/password/reset/", {"email": ada.email}, follow=True)
    assert "Check your email" in sent.content.decode()
    [message] = wait_for_mails()
    assert message.to == [ada.email]
    [link] = re.findall(r"http://testserver(/accounts/password/reset/key/\S+)", str(message.body))

    form = browser.get(link, follow=True)
    form_path = form.redirect_chain[-1][0]
    assert "Set a new password" in form.content.decode()
    browser.post(form_path, {"password1": "another horse", "password2": "another horse"})

    ada.refresh_from_db()
    assert ada.check_password("another horse")
    assert "This link does not work" in Client().get(link, follow=True).content.decode()


def test_the_reset_page_does_not_reveal_who_has_an_account(ada: User) -> None:
    pages = [
        re.sub(
            r"\d{4}-\d\d-\d\dT[\d:.+]+",
            "",
            Client().post(RESET, {"email": email}, follow=True).content.decode(),
        )
        for email in (ada.email, "eve@example.com")
    ]

    assert pages[0] == pages[1]
    assert "Check your email" in pages[0]
    assert [message.to for message in wait_for_mails()] == [[ada.email]]


def test_the_link_leads_to_the_configured_address(ada: User, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.LOOPSWEB_URL = "https://loops.example.com"

    Client(headers={"Host": "evil.example.com"}).post(RESET, {"email": ada.email})

    [message] = wait_for_mails()
    assert "https://loops.example.com/accounts/password/reset/key/" in str(message.body)
    assert "evil" not in f"{message.subject}{message.body}"


@pytest.mark.parametrize(
    ("host", "client", "opens"),
    [
        ("localhost:8000", "127.0.0.1", True),
        ("[::1]:8000", "::1", True),
        ("localhost:8000", "198.51.100.7", False),
        ("loops.example.com", "127.0.0.1", False),
        ("localhost.example.com", "127.0.0.1", False),
    ],
)
def test_without_a_configured_address_only_this_machine_gets_links(
    host: str, client: str, opens: bool, ada: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS, settings.LOOPSWEB_URL = ["*"], ""
    browser = Client(headers={"Host": host}, REMOTE_ADDR=client)

    page, sent = browser.get(RESET), browser.post(RESET, {"email": ada.email})

    assert ("LOOPSWEB_URL" in page.content.decode()) == (not opens)
    assert sent.status_code == (302 if opens else 403)
    links = [f"http://{host}{RESET}key/" in str(message.body) for message in wait_for_mails()]
    assert links == ([True] if opens else [])


def test_mail_goes_to_the_account_and_not_without_end(ada: User) -> None:
    for number in range(7):
        address = f"198.51.100.{number}"
        Client(REMOTE_ADDR=address).post(RESET, {"email": "ADA@EXAMPLE.COM"})

    assert [message.to for message in wait_for_mails()] == [[ada.email]] * 5


def test_a_failing_mail_server_does_not_reveal_who_has_an_account(
    ada: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

    answers = [Client().post(RESET, {"email": each}) for each in (ada.email, "eve@example.com")]

    wait_for_mails()
    assert [each["Location"] for each in answers] == ["/accounts/password/reset/done/"] * 2


def test_a_slow_mail_server_does_not_reveal_who_has_an_account(
    ada: User, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 60
        started = time.monotonic()

        Client().post(RESET, {"email": ada.email})

        assert time.monotonic() - started < settings.EMAIL_TIMEOUT / 2
        silent.accept()[0].close()
    wait_for_mails()


def request_reset_link(person: User) -> str:
    """The path in the email."""
    Client().post(RESET, {"email": person.email})
    [path] = re.findall(r"http://testserver(\S+)", str(wait_for_mails()[-1].body))
    return str(path)


def turn_off_email(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_without_email_there_is_no_reset_and_no_link_in_the_log(
    email: str, alice: User, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    turn_off_email(settings)

    page, sent = Client().get(RESET), Client().post(RESET, {"email": email})

    assert (page.status_code, sent.status_code) == (200, 403)
    for response in (page, sent):
        assert "manage.py changepassword" in response.content.decode()
    assert "/password/reset/key/" not in "".join(capfd.readouterr())


def test_without_email_earlier_links_do_not_work(alice: User, settings: Settings) -> None:
    link = request_reset_link(alice)
    turn_off_email(settings)

    browser = Client()
    page = browser.get(link, follow=True)
    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert "manage.py changepassword" in page.content.decode()
    assert not User.objects.get(pk=alice.pk).check_password(NEW)


def test_a_reset_is_recorded(alice: User) -> None:
    browser = Client()
    page = browser.get(request_reset_link(alice), follow=True)

    browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert User.objects.get(pk=alice.pk).check_password(NEW)
    events = Event.objects.values_list("workspace", "action", "person", "target_owner", "answer")
    by_link = {"password": "by a mailed link"}
    assert list(events) == [("alice", "person.password", alice.email, alice.email, by_link)]


def test_a_reset_that_cannot_be_recorded_fails(alice: User) -> None:
    link = request_reset_link(alice)
    browser = Client(raise_request_exception=False)
    page = browser.get(link, follow=True)

    with failing_audit(DatabaseError()):
        response = browser.post(page.request["PATH_INFO"], {"password1": NEW, "password2": NEW})

    assert response.status_code == 500
    assert not User.objects.get(pk=alice.pk).check_password(NEW)
