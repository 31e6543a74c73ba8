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

    browser.post(url, {"note": "the paper cites it", "wanted": "pin"})

    pin = Protection.objects.get(noun="checkpoint", remote_id="c")
    assert (pin.person, pin.reason) == (otto.email, "the paper cites it")
    page = browser.get(reverse("checkpoints:detail", args=[acme.slug, "c"])).content.decode()
    assert "the paper cites it" in page
    assert login_as(vic).post(url, {}).status_code == 403
    browser.post(url, {"note": "published", "wanted": "unpin"})
    assert not Protection.objects.exists()
    events = Event.objects.filter(target_id="c", outcome="succeeded").order_by("pk")
    assert [(one.action, one.reason) for one in events] == [
        ("checkpoint.pin", "the paper cites it"),
        ("checkpoint.unpin", "published"),
    ]


def test_the_second_of_two_people_who_pin_does_not_unpin(
    acme: Workspace, otto: User, alice: User
) -> None:
    add_row(Checkpoint, acme, "c")
    url = reverse("cleanups:pin", args=[acme.slug, "c"])
    browsers = [login_as(otto), login_as(alice)]
    offered = [one.get(url).context["form"].initial["wanted"] for one in browsers]

    for browser in browsers:
        browser.post(url, {"note": "", "wanted": "pin"})

    assert offered == ["pin", "pin"]
    assert Protection.objects.get(noun="checkpoint", remote_id="c").person == otto.email
    assert browsers[0].post(url, {"note": ""}).status_code == 422
    assert list(Event.objects.filter(target_id="c").values_list("action", flat=True)) == [
        "checkpoint.pin"
    ]
