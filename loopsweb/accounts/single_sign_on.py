"""Sign-in by the organisation's own OpenID Connect service, if one is configured.

Who its verified email names here already, comes in as that person. Somebody new comes in only with
a group that has a role here; what the groups say then holds for every team they speak of.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from allauth.account.signals import user_logged_in
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts import actions, elsewhere
from loopsweb.accounts.models import Membership, Role, Team, User, Workspace
from loopsweb.audit.record import actor
from loopsweb.ui.errors import page

log = structlog.get_logger(__name__)
STRENGTH = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]
NOT_VERIFIED = "Your sign-in service does not say that your email is verified. Ask whoever runs it."
NO_GROUP = (
    "Your sign-in service knows you, but none of your groups has a place here. "
    "Ask an admin of your team to invite you."
)
ANOTHER = "You are signed in here with another email. Sign out first."
ANOTHER_IDENTITY = (
    "Your sign-in service knows another identity by this email than the one that this account "
    "belongs to. Whoever runs loopsweb can take the former one away in /admin/."
)
NOT_ASKED = (
    "Nothing was confirmed: your sign-in service did not ask you again who you are. "
    "Sign out there, then try again."
)


@dataclass(frozen=True, slots=True)
class Grant:
    group: str
    workspace: str
    role: str


def grants(entries: Iterable[str]) -> list[Grant]:
    """Read `group=workspace:role`. Raises ValueError."""
    found = []
    for entry in entries:
        group, _, place = entry.rpartition("=")
        workspace, _, role = place.partition(":")
        if not (group and workspace and role in STRENGTH):
            raise ValueError(
                f"LOOPSWEB_OIDC_ROLES: {entry!r} is not `group=workspace:role`, "
                f"with one of the roles {', '.join(STRENGTH)}."
            )
        found.append(Grant(group, workspace, role))
    return found


def claims_of(sociallogin: SocialLogin) -> dict[str, Any]:
    said = sociallogin.account.extra_data
    return {**said.get("id_token", {}), **said.get("userinfo", {})}


def verified(sociallogin: SocialLogin) -> list[str]:
    """In lower case. Some services say it as text, and "false" is one."""
    return [
        each.email.lower()
        for each in sociallogin.email_addresses
        if each.verified is True or each.verified == "true"
    ]


def granted(claims: dict[str, Any]) -> list[Grant]:
    said = claims.get(settings.OIDC_GROUPS_CLAIM, [])
    groups = {str(each) for each in said} if isinstance(said, list) else {str(said)}
    return [grant for grant in grants(settings.OIDC_ROLES) if grant.group in groups]


class SingleSignOn(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        emails = verified(sociallogin)
        if not emails:
            refuse(request, NOT_VERIFIED)
        if request.user.is_authenticated and request.user.email not in emails:
            refuse(request, ANOTHER)
        if not sociallogin.is_existing and not granted(claims_of(sociallogin)):
            refuse(request, NO_GROUP)
        if is_second_identity(sociallogin):
            refuse(request, ANOTHER_IDENTITY)
        if elsewhere.was_not_asked(sociallogin, now=time.time()):
            refuse(request, NOT_ASKED, title="You were not asked")

    def generate_state_param(self, state: dict[str, Any]) -> str:
        """What is noted in `state` comes back with the answer to this very request."""
        state[elsewhere.ASKED_AGAIN] = elsewhere.asks_again(context.request)
        return str(super().generate_state_param(state))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # pre_social_login has decided

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return True  # nobody chooses the email they are known by

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        claims = claims_of(sociallogin)
        with transaction.atomic():
            name = "".join(filter(str.isprintable, str(claims.get("name") or "")))[:150]
            person = User.objects.create_user(verified(sociallogin)[0], name=name)
            sociallogin.user = person
            sociallogin.save(request, connect=True)
        return person


def is_second_identity(sociallogin: SocialLogin) -> bool:
    """Whether an unknown one asks for a person who has one already: addresses are given anew."""
    if sociallogin.account.pk is not None or not sociallogin.is_existing:
        return False
    return bool(SocialAccount.objects.filter(user=sociallogin.user).exists())


def refuse(request: HttpRequest, why: str, *, title: str = "You are not signed in") -> None:
    log.warning("single_sign_on_refused", why=why)
    raise ImmediateHttpResponse(page(request, 403, title, why))


@receiver(user_logged_in)
def note_when_confirmed(
    request: HttpRequest, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    if sociallogin is not None:
        elsewhere.note(request, sociallogin)


@receiver(user_logged_in)
def keep_to_groups(
    request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """The strongest role that the groups grant in each team they can speak of; none: out."""
    if sociallogin is None:
        return
    strongest: dict[int, str] = {}
    teams = dict(Workspace.objects.values_list("slug", "team_id"))
    map_ = grants(settings.OIDC_ROLES)
    spoken_of = {teams[each.workspace] for each in map_ if each.workspace in teams}
    for grant in granted(claims_of(sociallogin)):
        if (team_id := teams.get(grant.workspace)) is not None:
            held = strongest.get(team_id, grant.role)
            strongest[team_id] = max(held, grant.role, key=lambda role: STRENGTH.index(Role(role)))
    for team in Team.objects.filter(pk__in=spoken_of).order_by("pk"):
        keep_in(team, user, strongest.get(team.pk, ""), request)


def keep_in(team: Team, person: User, role: str, request: HttpRequest) -> None:
    membership = Membership.objects.filter(team=team, user=person).select_related("team").first()
    by, now = actor(request, role=role or (membership.role if membership else "")), timezone.now()
    try:
        if membership is None and role:
            actions.add_member(team=team, email=person.email, role=role, by=by, now=now)
        elif membership is not None and role:
            actions.change_role(membership=membership, role=role, by=by, now=now)
        elif membership is not None:
            actions.remove_member(membership=membership, by=by, now=now)
    except actions.LastAdmin:
        log.warning("last_admin_stays", team=team.name, email=person.email)
