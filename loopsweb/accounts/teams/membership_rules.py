"""Who becomes a member at once, and who is asked first.

A team reads its members' sign-ins, so nobody is put into a stranger's team.
"""

from __future__ import annotations

from loopsweb.accounts.models import User


def is_given(email: str, *, admin: User) -> bool:
    """Of whoever shares a team with this admin; who left one is asked again.

    Staff, who make accounts, add anybody.
    """
    known = User.objects.filter(teams__members=admin, is_active=True, email__iexact=email)
    return admin.is_staff or known.exists()
