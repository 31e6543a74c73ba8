"""A signed link opens one file, as one member, for as long as that member may download it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import Membership, Role, User, Workspace
from loopsweb.accounts.rate_limits import consume_rate_limit
from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.file_links import LIFETIME, FileLink, read_link, sign_link
from loopsweb.resources.models import Checkpoint
from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import StoredFile
from loopsweb.ui.redaction import redact
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.rows import add_row

FILES = [StoredFile(f"{name}.bin", 10) for name in ("one", "two", "three")]
MakeLink = Callable[[str], str]


@pytest.fixture
def row(loops: Simulator, acme: Workspace, key: Key) -> Checkpoint:
    loops.world.clear()
    run = loops.world.add_run(id="r")
    loops.world.add_checkpoint(run=run, id="c", target="sampler", files=[*FILES])
    return add_row(Checkpoint, acme, "c", target="sampler", run_remote_id="r", name="step-1")


@pytest.fixture
def links(otto: User, row: Checkpoint) -> dict[str, str]:
    """{name of the file: path of the link}, as otto gets them for aria2."""
    url = reverse("checkpoints:manifest", args=[row.workspace.slug, "c"], query={"tool": "aria2"})
    text = login_as(otto).get(url).content.decode()
    found = re.findall(r"^http://testserver(/downloads/\S+)\n  out=(\S+)$", text, re.MULTILINE)
    return {name: path for path, name in found}


def open_link(path: str, *, address: str = "192.0.2.1") -> tuple[int, str]:
    """The status, and where it leads without its signature or why it does not."""
    answer = Client().get(path, REMOTE_ADDR=address)
    text = answer.get("Location", "").partition("?")[0] or answer.content.decode()
    assert answer["Cache-Control"] == "private, no-store"
    return answer.status_code, text.strip()


def change(path: str, **fields: object) -> str:
    """The link with other claims, signed by this site."""
    claim = read_link(path.strip("/").rpartition("/")[2])
    return reverse("downloads:open", args=[sign_link(replace(claim, **fields))])  # type: ignore[arg-type]


def test_each_link_leads_to_its_file_at_a_new_address(
    links: dict[str, str], loops: Simulator
) -> None:
    assert {name: open_link(path) for name, path in links.items()} == {
        f"{name}.bin": (
            302,
            f"https://api.baseten.co/_simulator/files/c/{index}/{name}.bin",
        )
        for index, name in enumerate(("one", "two", "three"))
    }
    first = Client().get(links["one.bin"])["Location"]
    loops.advance(60)
    assert Client().get(links["one.bin"])["Location"] != first


def test_what_is_not_signed_here_opens_nothing(links: dict[str, str]) -> None:
    link = links["one.bin"]
    refused = (403, "This link was not made here, or is cut off. Download a new manifest from the")
    for wrong in (link[:-2] + "/", link.replace("/downloads/", "/downloads/A"), "/downloads/x:y/"):
        status, why = open_link(wrong)
        assert (status, why[: len(refused[1])]) == refused


def test_a_link_expires(links: dict[str, str]) -> None:
    now = int(timezone.now().timestamp() * 1000)
    day = int(LIFETIME / timedelta(milliseconds=1))
    assert open_link(change(links["one.bin"], made_at=now - day + 60_000))[0] == 302
    status, why = open_link(change(links["one.bin"], made_at=now - day))
    assert (status, why[:22]) == (410, "This link has expired.")


def leave(member: Membership) -> None:
    member.delete()


def demote(member: Membership) -> None:
    member.role = Role.VIEWER
    member.save()


def lock_out(member: Membership) -> None:
    User.objects.filter(pk=member.user_id).update(is_active=False)


def require_mfa(member: Membership) -> None:
    member.team.second_factor_required = True
    member.team.save()


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (leave, "Whoever made this link is no longer a member of the team."),
        (lock_out, "Whoever made this link is no longer a member of the team."),
        (demote, "The role of whoever made this link does not allow downloads any more."),
        (
            require_mfa,
            "The team requires two-factor authentication; whoever made this link has none.",
        ),
    ],
)
def test_a_link_opens_no_more_than_its_maker_may(
    links: dict[str, str],
    otto: User,
    acme: Workspace,
    happens: Callable[[Membership], None],
    why: str,
) -> None:
    happens(Membership.objects.get(user=otto, team=acme.team))
    assert open_link(links["one.bin"]) == (403, why)


def test_without_a_usable_key_a_link_says_why(links: dict[str, str], key: Key) -> None:
    Key.objects.filter(pk=key.pk).update(shared=False)
    status, why = open_link(links["one.bin"])
    assert (status, why[:38]) == (502, "You have no API key in this workspace,")


def test_a_link_never_opens_another_file(
    links: dict[str, str], loops: Simulator, otto: User, mallory: User
) -> None:
    link, gone = links["two.bin"], "The files have changed since this link was made."
    loops.world.checkpoints["c"].files = [FILES[0], FILES[2], FILES[1]]
    assert open_link(link)[0] == 410
    loops.world.checkpoints["c"].files = FILES[:1]
    assert open_link(link)[1].startswith(gone)
    elsewhere = mallory.teams.get().workspaces.get().pk
    assert open_link(change(links["one.bin"], workspace=elsewhere))[0] == 403
    assert open_link(change(links["one.bin"], checkpoint=10**6))[0] == 410
    loops.world.checkpoints["c"].volume_ref = "vol-7"
    assert open_link(links["one.bin"])[0] == 502
    loops.world.remove_checkpoint(loops.world.checkpoints["c"])
    assert open_link(links["one.bin"])[0] == 410


def test_links_are_revoked_by_their_maker_or_an_admin(
    links: dict[str, str], otto: User, alice: User, acme: Workspace
) -> None:
    link = links["one.bin"]
    for person, url in (
        (otto, reverse("teams:revoke_own_links")),
        (alice, reverse("teams:revoke_links", args=[acme.team_id])),
    ):
        Membership.objects.update(links_revoked_at=None)
        assert open_link(link)[0] == 302
        assert login_as(person).post(url).status_code == 302
        assert open_link(link)[1].startswith("This link was revoked.")
        made = int(timezone.now().timestamp() * 1000) + 1000
        assert open_link(change(link, made_at=made))[0] == 302
    events = Event.objects.filter(action="member.revoke_links", workspace=acme.slug)
    assert [(one.person, one.target_owner) for one in events.order_by("pk")] == [
        ("otto@example.com", "otto@example.com"),
        ("alice@example.com", ""),
    ]


def test_a_tool_that_opens_links_often_is_recorded_once_an_hour(
    links: dict[str, str], row: Checkpoint
) -> None:
    before = Event.objects.count()
    for _ in range(5):
        for path in links.values():
            open_link(path)
    open_link(links["two.bin"], address="192.0.2.2")
    events = Event.objects.order_by("pk")[before:]
    assert [
        (
            one.action,
            one.outcome,
            one.person,
            one.address,
            one.target_id,
            one.answer and one.answer["first_file"],
        )
        for one in events
    ] == [
        ("checkpoint.download", "succeeded", "otto@example.com", "192.0.2.1", "c", "one.bin"),
        ("checkpoint.download", "succeeded", "otto@example.com", "192.0.2.2", "c", "two.bin"),
    ]
    assert {one.answer and one.answer["links"] for one in events} == {3}


def test_a_refused_link_and_other_methods_write_nothing(links: dict[str, str]) -> None:
    before = Event.objects.count()
    assert Client().head(links["one.bin"]).status_code == 405
    assert Client().get(links["one.bin"].replace("/downloads/", "/downloads/A")).status_code == 403
    assert Event.objects.count() == before


def test_whoever_is_signed_in_a_link_opens_as_its_maker(links: dict[str, str], vic: User) -> None:
    browser = login_as(vic)
    assert browser.get(links["one.bin"]).status_code == 302
    assert Event.objects.latest("pk").person == "otto@example.com"


def test_neither_links_nor_addresses_are_stored_or_logged(
    links: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = Client().get(links["one.bin"])["Location"]
    signature = address.partition("X-Amz-Signature=")[2]
    kept = caplog.text + repr([one.body() for one in Event.objects.all()])
    kept += repr(getattr(cache, "_cache", {}))
    assert (len(signature), signature in kept) == (64, False)
    assert redact(f"GET {links['one.bin']} 302") == "GET /downloads/[redacted]/ 302"


def test_tools_that_ask_too_often_are_told_to_wait(
    links: dict[str, str], otto: User, acme: Workspace, rf: RequestFactory
) -> None:
    member = Membership.objects.get(user=otto, team=acme.team)
    for _ in range(299):
        consume_rate_limit(rf.get("/"), "open_file_link", key=str(member.pk))
    answers = [Client().get(links["one.bin"]) for _ in range(2)]
    assert [one.status_code for one in answers] == [302, 503]
    assert answers[1]["Retry-After"] == "10"


def test_a_page_with_one_link_offers_one_for_tools(
    row: Checkpoint, otto: User, loops: Simulator
) -> None:
    url = reverse("checkpoints:download", args=[row.workspace.slug, "c"])
    page = join_long_text(login_as(otto).post(url, {"name": "two.bin"}).content.decode())
    [path] = re.findall(r"http://testserver(/downloads/[^<\"]+)", page)
    assert open_link(path)[1].endswith("/c/1/two.bin")
    assert isinstance(read_link(path.strip("/").rpartition("/")[2]), FileLink)
