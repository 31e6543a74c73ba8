"""What people do on pages: requests, decisions, keys and memberships, as the views do it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from django.core.cache import caches

from loopsweb.accounts.models import Membership, Role, User, Workspace, set_up_team
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as key_actions
from loopsweb.keys.clients import KeyUnusable, NoKey, find_client
from loopsweb.keys.fingerprints import compute_fingerprint
from loopsweb.keys.models import Key
from loopsweb.loops_api.errors import LoopsError
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations import actions, dispatch
from loopsweb.resources.deactivations.impact import assess_impact
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.preflight import observe_target
from loopsweb.resources.deactivations.requirements import (
    find_requirements,
    list_own_emails,
    load_policy,
    schedule_request,
)
from loopsweb.resources.deactivations.targets import KINDS
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.snapshot.viewers import record_viewer, record_viewer_in_turn
from tests import personas
from tests.simulation.clock import VirtualClock
from tests.simulation.organisation import choose

METHOD = KINDS["deployment"].method
SYNC_PATIENCE = timedelta(minutes=5)


class People:
    """alice, an admin, and otto, an operator, work in acme; mallory alone in a workspace of hers.

    held: the requests as they were when somebody opened their page.
    """

    def __init__(self, clock: VirtualClock, secrets: dict[str, str]) -> None:
        self.clock, self.secrets = clock, secrets
        self.alice, self.mallory = map(personas.create_founder, ("alice", "mallory"))
        self.acme = set_up_team(name="Acme", founder=self.alice).workspaces.get()
        self.other = set_up_team(name="Other", founder=self.mallory).workspaces.get()
        self.otto = personas.create_member(self.acme, name="otto", role=Role.OPERATOR)
        self.held: list[Deactivation] = []

    def set_policy(self, *, undo_seconds: int, approve_others: bool) -> None:
        Policy.objects.create(
            team=self.acme.team, undo_seconds=undo_seconds, approve_others=approve_others
        )

    def identify(self, person: User) -> Actor:
        role = Membership.objects.get(team=self.acme.team, user=person).role
        return Actor(
            workspace=self.acme.slug, person=person.email, role=role, address="", request_id=""
        )

    def list_members(self) -> list[User]:
        return list(User.objects.filter(memberships__team=self.acme.team).order_by("pk"))

    def add_key(self, word: str) -> None:
        where, owner = {
            "whole": (self.acme, self.alice),
            "second": (self.acme, self.otto),
            "own": (self.acme, self.otto),
            "other": (self.other, self.mallory),
        }[word]
        if owner == self.otto and self.otto not in self.list_members():
            return
        with suppress(LoopsError, KeyUnusable, key_actions.DuplicateKey):
            personas.add_key(
                owner, workspace=where, secret=self.secrets[word], now=self.clock(), shared=True
            )

    def choose_key(self, number: int) -> Key | None:
        return choose(list(Key.objects.in_workspace(self.acme).order_by("pk")), number)

    def remove_key(self, number: int) -> None:
        if (key := self.choose_key(number)) is not None:
            key_actions.remove(key=key, by=self.identify(self.alice), now=self.clock())

    def check_key(self, number: int) -> None:
        if (key := self.choose_key(number)) is not None:
            with suppress(LoopsError, KeyUnusable):
                key_actions.recheck(key=key, by=self.identify(self.alice), now=self.clock())

    def check_misjudged_keys(self) -> None:
        """Ask again what the keys may do that were added while the API answered wrongly."""
        for word, secret in self.secrets.items():
            key = Key.objects.filter(fingerprint=compute_fingerprint(secret)).first()
            is_own = word == "own"
            facts = key and (key.can_list, key.can_manage, key.sees_organisation)
            if key and facts != (True, not is_own, not is_own):
                by = self.identify(self.alice) | {"workspace": key.workspace.slug}
                key_actions.recheck(key=key, by=by, now=self.clock())

    def leave(self) -> None:
        Membership.objects.filter(team=self.acme.team, user=self.otto).delete()

    def come_back(self) -> None:
        Membership.objects.get_or_create(
            team=self.acme.team, user=self.otto, defaults={"role": Role.OPERATOR}
        )

    def watch(self) -> None:
        record_viewer(self.acme)

    def look_away(self) -> None:
        caches["viewers"].clear()
        record_viewer_in_turn.cache_clear()

    def find_targets(self) -> Sequence[Deployment]:
        rows = Deployment.objects.in_workspace(self.acme).order_by("pk")
        return [row for row in rows if not row.is_terminal]

    def request(self, number: int, person_number: int, *, waits: bool) -> None:
        """waits: for the checkpoints that sync now."""
        target = choose(self.find_targets(), number)
        person = choose(self.list_members(), person_number)
        if target is None or person is None:
            return
        target.workspace = Workspace.objects.select_related("team").get(pk=self.acme.pk)
        impact, policy = assess_impact(target), load_policy(self.acme.team)
        own_emails = list_own_emails(self.acme, person)
        requirements = find_requirements(impact, policy=policy, own_emails=own_emails)
        awaited: list[Checkpoint] = impact.syncing if waits else []
        now = self.clock()
        schedule = schedule_request(
            impact,
            requirements,
            policy=policy,
            as_of=observe_target(target, now=now),
            now=now,
            awaited=awaited,
            sync_until=now + SYNC_PATIENCE,
        )
        with suppress(NoKey, actions.AlreadyRequested):
            acting = find_client(workspace=self.acme, person=person, method=METHOD)
            requested = actions.request_deactivation(
                target=target,
                key=acting.key,
                by=self.identify(person),
                reason="It is not used.",
                schedule=schedule,
                now=now,
            )
            dispatch.dispatch_at_once(requested, clock=self.clock)

    def open_requests(self) -> None:
        """Somebody opens the pages of the requests, and decides later."""
        self.held = list(
            Deactivation.objects.filter(workspace=self.acme)
            .select_related("workspace__team")
            .order_by("-pk")[:4]
        )

    def decide(self, number: int, person_number: int, verb: str) -> None:
        request, person = choose(self.held, number), choose(self.list_members(), person_number)
        if request is None or person is None:
            return
        request = copy.copy(request)  # the page stays as it was opened
        by, now = self.identify(person), self.clock()
        with suppress(actions.CannotDecide):
            if verb == "withdraw":
                actions.withdraw(request, by=by, note="", now=now)
            elif verb == "decline":
                actions.decline(request, by=by, note="", now=now)
            elif target := KINDS[request.noun].find(self.acme, request.target_remote_id):
                target.workspace = request.workspace
                actions.approve(
                    request,
                    by=by,
                    impact=assess_impact(target),
                    policy=load_policy(self.acme.team),
                    now=now,
                )
