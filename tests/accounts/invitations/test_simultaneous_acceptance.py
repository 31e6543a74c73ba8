"""Several people use one invitation, or make one, at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import Invitation, User, Workspace
from loopsweb.audit.models import Event
from tests.accounts.invitations.test_invitations import EVE, NEW, invite
from tests.personas import login_as

NUMBER = 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_account", [False, True])
def test_one_gets_in_and_the_others_read_why(
    has_account: bool, alice: User, acme: Workspace
) -> None:
    path = invite(alice, acme)
    if has_account:
        eve = User.objects.create_user(EVE)
        browsers = [login_as(eve) for _ in range(NUMBER)]
    else:
        browsers = [Client() for _ in range(NUMBER)]
    start = Barrier(NUMBER)

    def accept(browser: Client) -> tuple[int, str]:
        start.wait()
        try:
            response = browser.post(path, {} if has_account else NEW)
            return response.status_code, response.content.decode()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(NUMBER) as pool:
        answers = sorted(pool.map(accept, browsers))

    assert [status for status, _ in answers] == [302, *[410] * (NUMBER - 1)]
    assert all("It was already accepted, on 2" in text for _, text in answers[1:])
    assert acme.team.memberships.filter(user__email=EVE).count() == 1
    assert Event.objects.filter(action="member.join").count() == 1
    assert Invitation.objects.get().accepted_at is not None


@pytest.mark.django_db(transaction=True)
def test_accepting_declining_and_revoking_at_once_have_one_outcome(
    alice: User, acme: Workspace
) -> None:
    path, eve = invite(alice, acme), User.objects.create_user(EVE)
    revoke = reverse("teams:revoke_invitation", args=[acme.team_id, Invitation.objects.get().pk])
    decline = reverse("teams:decline_offer", args=[Invitation.objects.get().pk])
    sent = [(login_as(eve), path), (login_as(eve), decline), (login_as(alice), revoke)]
    start = Barrier(len(sent))

    def send(one: tuple[Client, str]) -> None:
        browser, address = one
        start.wait()
        try:
            browser.post(address)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(sent)) as pool:
        list(pool.map(send, sent))

    invitation, is_member = (
        Invitation.objects.get(),
        eve.memberships.filter(team=acme.team).exists(),
    )
    assert (invitation.accepted_at is not None) == is_member
    assert (invitation.revoked_at is None) == is_member
    ends = ("member.join", "invitation.decline", "invitation.revoke")
    assert Event.objects.filter(action__in=ends).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_several_who_invite_one_person_at_once_one_invitation_stays_open(
    alice: User, acme: Workspace
) -> None:
    path = reverse("teams:invite", args=[acme.team_id])
    browsers, start = [login_as(alice) for _ in range(NUMBER)], Barrier(NUMBER)

    def send(browser: Client) -> int:
        start.wait()
        try:
            return browser.post(path, {"email": EVE, "role": "viewer"}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(NUMBER) as pool:
        assert set(pool.map(send, browsers)) <= {200, 302}

    assert Invitation.objects.filter(revoked_at=None).count() == 1
    assert Event.objects.filter(action="member.invite").count() == NUMBER
