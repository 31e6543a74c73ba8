"""Who becomes a member at once, and who is asked first.

A team reads its members' sign-ins, so nobody is put into a stranger's team.
"""

from __future__ import annotations

from django.db.models import Q

from loopsweb.accounts.models import Team, User


def is_given(email: str, *, team: Team, admin: User) -> bool:
    """Of whoever shares a team with this admin or accepted an invitation into this one before.

    Staff, who make accounts, add anybody.
    """
    if admin.is_staff:
        return True
    came_before = Q(email__in=team.invitations.exclude(accepted_at=None).values("email"))
    known = User.objects.filter(Q(teams__members=admin) | came_before, is_active=True)
    return known.filter(email__iexact=email).exists()
