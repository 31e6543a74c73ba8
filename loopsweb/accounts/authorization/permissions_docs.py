"""docs/permissions.md, written from what the code asks for."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLResolver, get_resolver

from loopsweb.accounts.authorization.roles import MEANS, ROLE_PERMISSIONS, Permission
from loopsweb.accounts.models import Role

HEAD = """\
# Permissions

Written by `manage.py permissions --write`; a test sees to it that this page is current.

A person has one role in each team, and what it allows holds in all workspaces of the team. To
whoever is not a member, a workspace is not there (404); a member whose role does not allow
something is refused (403), and the attempt is recorded in the audit as *denied*. A view that names
no permission is not run.

`LOOPSWEB_READ_ONLY=1` leaves view, export and download to those who have them, and takes the rest
from everybody.

| Permission | | {roles} |
| --- | --- | {lines} |
"""
URLS = """
## Who may open what

| URL | Asks for |
| --- | --- |
"""
FOOT = """
*signed in*: anyone who is, and only for what is their own. *access token*: a token of that
workspace in the `Authorization` header; sessions count for nothing there. *public*: anyone.

Pages under `/accounts/` that are not listed are those of signing in; `/admin/` is for staff, by
Django's own permissions. The names of permissions in the code: `loopsweb/accounts/roles.py`.
"""


def markdown() -> str:
    roles = [Role(name) for name in ROLE_PERMISSIONS]
    head = HEAD.format(
        roles=" | ".join(role.label for role in roles), lines=" | ".join("---" for _ in roles)
    )
    rows = [
        f"| `{permission}` | {MEANS[permission]} | {marks(permission)} |"
        for permission in Permission
    ]
    urls = [f"| `/{url}` | {asks} |" for url, asks in sorted(routes(get_resolver()))]
    return head + "\n".join(rows) + "\n" + URLS + "\n".join(urls) + "\n" + FOOT


def marks(permission: Permission) -> str:
    return " | ".join("yes" if permission in held else "no" for held in ROLE_PERMISSIONS.values())


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    """Every URL of ours with what it asks for."""
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, here)
        elif "^" not in here and hasattr(pattern.callback, "permission"):
            yield here, str(pattern.callback.permission)
