from __future__ import annotations

from datetime import datetime

import pytest

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.models import PollState
from tests.keys.factory import create_key
from tests.personas import create_root, login_as


@pytest.fixture
def root(db: None) -> User:
    return create_root()


def test_keys_are_shown_by_fingerprint_only(root: User, otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme, secret="AbCdEfGh.0123456789abcdef")
    browser = login_as(root)

    listed = browser.get("/admin/keys/key/", {"q": key.fingerprint, "state__exact": "healthy"})
    opened = browser.get(f"/admin/keys/key/{key.pk}/change/")

    assert [each.pk for each in listed.context["cl"].result_list] == [key.pk]
    assert opened.context["adminform"].form.fields == {}
    for page in (listed, opened):
        assert "0123456789" not in page.content.decode()
        assert key.ciphertext not in page.content.decode()
    assert key.fingerprint in opened.content.decode()


def test_keys_cannot_be_added_or_changed(root: User, otto: User, acme: Workspace) -> None:
    key = create_key(otto, acme)
    before = Key.objects.values().get()
    browser = login_as(root)

    assert browser.get("/admin/keys/key/add/").status_code == 403
    browser.post(f"/admin/keys/key/{key.pk}/change/", {"name": "x", "ciphertext": "x"})

    assert Key.objects.values().get() == before


@pytest.mark.parametrize("button", ["one", "selected"])
def test_removing_a_polled_key_is_recorded(
    button: str, root: User, otto: User, acme: Workspace, now: datetime
) -> None:
    key = create_key(otto, acme)
    PollState.objects.create(key=key, next_poll_at=now)
    if button == "one":
        path, sent = f"/admin/keys/key/{key.pk}/delete/", {"post": "yes"}
    else:
        chosen = {"action": "delete_selected", "_selected_action": str(key.pk)}
        path, sent = "/admin/keys/key/", {**chosen, "post": "yes"}

    login_as(root).post(path, sent)

    assert Key.objects.count() == 0
    event = Event.objects.get()
    assert (event.workspace, event.action) == (acme.slug, "key.remove")
    assert (event.person, event.role) == ("root@example.com", "staff")
