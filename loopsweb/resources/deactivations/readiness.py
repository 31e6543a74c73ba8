"""Whether what was asked for earlier may be sent now: everything is looked at again."""

from __future__ import annotations

from django.db.models import QuerySet

from loopsweb.accounts.auth import mfa
from loopsweb.accounts.authorization.roles import Permission, permissions_of
from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.keys.clients import Acting, NoKey, client_for
from loopsweb.resources.deactivations.demands import demands, own_addresses
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.policies import policy_of
from loopsweb.resources.deactivations.preflight import Preflight, preflight
from loopsweb.resources.deactivations.targets import KINDS, Target, ends_with


class NoLonger(Exception):
    """It is not sent after all. The message says why."""


def ready(deactivation: Deactivation) -> Acting:
    """With what it is sent. Raises NoLonger."""
    kind = KINDS[deactivation.noun]
    try:
        asked = requested(deactivation)
    except Event.DoesNotExist:
        raise NoLonger("It does not stand in the trail.") from None
    target = still_there(deactivation)
    shown = preflight(target)
    if more := shown.beyond(deactivation.foreseen):
        said = "; ".join(f"{name}: {', '.join(ids)}" for name, ids in more.items())
        raise NoLonger(f"It would end or lose more than was shown. {said}")
    person = still_allowed(deactivation.workspace, deactivation.person, "Whoever asked")
    if deactivation.approver:
        still_allowed(deactivation.workspace, deactivation.approver, "Whoever approved")
    if not deactivation.broke_glass:
        still_agreed(deactivation, asked, shown, person)
    try:
        return client_for(workspace=deactivation.workspace, person=person, method=kind.method)
    except NoKey as error:
        raise NoLonger(str(error)) from error


def still_there(deactivation: Deactivation) -> Target:
    """Raises NoLonger."""
    target = KINDS[deactivation.noun].find(deactivation.workspace, deactivation.target_remote_id)
    if target is None:
        raise NoLonger("It is not known here any more.")
    if why := f"It is {target.status} already." if target.is_terminal else ends_with(target):
        raise NoLonger(why)
    return target


def still_allowed(workspace: Workspace, email: str, who: str) -> User:
    """Raises NoLonger."""
    members = Membership.objects.filter(team=workspace.team, user__is_active=True)
    member = members.filter(user__email__iexact=email).select_related("user").first()
    if member is None or Permission.DEACTIVATE not in permissions_of(member.role):
        raise NoLonger(f"{who} may not deactivate here any more.")
    if mfa.is_missing(member.user, workspace.team):
        raise NoLonger(f"{who} lacks the second factor that the team demands.")
    return member.user


def still_agreed(deactivation: Deactivation, asked: Event, shown: Preflight, person: User) -> None:
    """By today's policy, and by what stands in the trail, not in a row alone. Raises NoLonger."""
    demanded = demands(
        shown,
        policy=policy_of(deactivation.workspace.team),
        own=own_addresses(deactivation.workspace, person),
    )
    if demanded.refused:
        raise NoLonger(demanded.refused)
    waited = (asked.answer or {}).get("waits_for")
    approved = events_of(deactivation).filter(outcome=Outcome.APPROVED).exists()
    if (waited or demanded.approval) and not approved:
        raise NoLonger(f"A second person has not approved it. {demanded.approval}".strip())


def events_of(deactivation: Deactivation) -> QuerySet[Event]:
    return Event.objects.filter(
        workspace=deactivation.workspace.slug,
        incident=deactivation.incident,
        target_noun=deactivation.noun,
        target_id=deactivation.target_remote_id,
    )


def requested(deactivation: Deactivation) -> Event:
    """Raises Event.DoesNotExist: then nobody asked for it here, whatever the row says."""
    return events_of(deactivation).get(outcome=Outcome.REQUESTED)
