"""The table of permissions: which role may do what. docs/permissions.md is written from it."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings

from loopsweb.accounts.models import Role


class Permission(StrEnum):
    VIEW = "view"
    EXPORT = "export"
    ADD_KEY = "add_key"
    CREATE = "create"
    DEACTIVATE = "deactivate"
    DOWNLOAD = "download"
    MANAGE_TEAM = "manage_team"


MEANS = {
    Permission.VIEW: "See every page of the team's workspaces; read them with an access token",
    Permission.EXPORT: "Take away as CSV or with proof what one may see",
    Permission.ADD_KEY: "Add one's own API key to a workspace, replace it, share it",
    Permission.CREATE: "Create sessions, runs and samplers",
    Permission.DEACTIVATE: "End what holds GPUs",
    Permission.DOWNLOAD: "Get links to the files of checkpoints",
    Permission.MANAGE_TEAM: "Members, roles, invitations, workspaces, what the team demands",
}


READ_ONLY = "This loopsweb is read-only: it shows everything and changes nothing."
CHANGES_NOTHING = frozenset({Permission.VIEW, Permission.EXPORT, Permission.DOWNLOAD})
VIEWER = frozenset({Permission.VIEW, Permission.EXPORT})
OPERATOR = VIEWER | {
    Permission.ADD_KEY,
    Permission.CREATE,
    Permission.DEACTIVATE,
    Permission.DOWNLOAD,
}
ADMIN = OPERATOR | {Permission.MANAGE_TEAM}
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: VIEWER,
    Role.OPERATOR: OPERATOR,
    Role.ADMIN: ADMIN,
}


def permissions_of(role: str) -> frozenset[Permission]:
    """What the role may do here and now: a read-only site leaves what changes nothing."""
    held = ROLE_PERMISSIONS[role]
    return held & CHANGES_NOTHING if settings.LOOPSWEB_READ_ONLY else held


def roles_with(permission: Permission) -> list[str]:
    return [role for role, held in ROLE_PERMISSIONS.items() if permission in held]


def denial(role: str, permission: Permission) -> str:
    if settings.LOOPSWEB_READ_ONLY and permission not in CHANGES_NOTHING:
        return READ_ONLY
    able = [Role(name).label.lower() for name in roles_with(permission)]
    return (
        f"Your role here is {Role(role).label.lower()}; this needs {' or '.join(able)}. "
        "An admin of the team can change your role."
    )
