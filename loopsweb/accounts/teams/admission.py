"""Decides whether an admin may add a person to a team at once, or has to invite them.

A team's audit shows its members' sign-ins, so nobody is added to a stranger's team.
"""

from __future__ import annotations

from loopsweb.accounts.models import User


def can_add_directly(email: str, *, admin: User) -> bool:
    """Staff may add anybody; other admins may add people with whom they share a team now."""
    teammates = User.objects.filter(teams__members=admin, is_active=True, email__iexact=email)
    return admin.is_staff or teammates.exists()
