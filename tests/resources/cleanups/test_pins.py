from __future__ import annotations

from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Checkpoint
from tests.personas import login_as
from tests.resources.rows import add_row


def test_a_checkpoint_is_pinned_and_unpinned_with_a_reason(
    acme: Workspace, otto: User, vic: User
) -> None:
    add_row(Checkpoint, acme, "c")
    url, browser = reverse("cleanups:pin", args=[acme.slug, "c"]), login_as(otto)

    browser.post(url, {"note": "the paper cites it"})

    pin = Protection.objects.get(noun="checkpoint", remote_id="c")
    assert (pin.person, pin.reason) == (otto.email, "the paper cites it")
    page = browser.get(reverse("checkpoints:detail", args=[acme.slug, "c"])).content.decode()
    assert "the paper cites it" in page
    assert login_as(vic).post(url, {}).status_code == 403
    browser.post(url, {"note": "published"})
    assert not Protection.objects.exists()
    events = Event.objects.filter(target_id="c", outcome="succeeded").order_by("pk")
    assert [(one.action, one.reason) for one in events] == [
        ("checkpoint.pin", "the paper cites it"),
        ("checkpoint.unpin", "published"),
    ]
