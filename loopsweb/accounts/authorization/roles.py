"""The permissions of each role. docs/permissions.md is generated from this table."""

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
    VIEW_LOGS = "view_logs"
    CHANGE_EXPIRY = "change_expiry"
    SHARE_VIEWS = "share_views"
    DELETE_CHECKPOINTS = "delete_checkpoints"
    SNOOZE = "snooze"
    MANAGE_TEAM = "manage_team"


DESCRIPTIONS = {
    Permission.VIEW: "View the team's workspaces, in a browser or with an access token",
    Permission.EXPORT: "Export lists as CSV, and the audit trail with its proof",
    Permission.ADD_KEY: "Add an API key of one's own to a workspace, replace it, share it",
    Permission.CREATE: "Create sessions, runs and samplers, deploy sampler checkpoints",
    Permission.DEACTIVATE: "Deactivate deployments, runs and samplers",
    Permission.DOWNLOAD: "Download the files of checkpoints and debug archives",
    Permission.VIEW_LOGS: "Read the logs of deployments and samplers: they may quote data",
    Permission.CHANGE_EXPIRY: "Set when checkpoints expire, or keep them",
    Permission.SHARE_VIEWS: "Save, rename and delete views of lists that the whole team sees",
    Permission.DELETE_CHECKPOINTS: "Delete checkpoints or let many expire, pin those to keep",
    Permission.SNOOZE: "Snooze what needs attention, for the whole team",
    Permission.MANAGE_TEAM: "Manage members, roles, invitations, workspaces and team policies",
}


READ_ONLY = "This loopsweb is read-only: nothing can be changed."
READ_PERMISSIONS = frozenset(
    {Permission.VIEW, Permission.EXPORT, Permission.DOWNLOAD, Permission.VIEW_LOGS}
)
VIEWER = frozenset({Permission.VIEW, Permission.EXPORT})
OPERATOR = VIEWER | {
    Permission.ADD_KEY,
    Permission.CREATE,
    Permission.DEACTIVATE,
    Permission.DOWNLOAD,
    Permission.VIEW_LOGS,
    Permission.CHANGE_EXPIRY,
    Permission.SHARE_VIEWS,
    Permission.DELETE_CHECKPOINTS,
    Permission.SNOOZE,
}
ADMIN = OPERATOR | {Permission.MANAGE_TEAM}
ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.VIEWER: VIEWER,
    Role.OPERATOR: OPERATOR,
    Role.ADMIN: ADMIN,
}


def permissions_of(role: str) -> frozenset[Permission]:
    """In read-only mode, only those that change nothing."""
    permissions = ROLE_PERMISSIONS[role]
    return permissions & READ_PERMISSIONS if settings.LOOPSWEB_READ_ONLY else permissions


def list_roles_with(permission: Permission) -> list[str]:
    return [role for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]


def explain_denial(role: str, permission: Permission) -> str:
    if settings.LOOPSWEB_READ_ONLY and permission not in READ_PERMISSIONS:
        return READ_ONLY
    allowed = [Role(name).label.lower() for name in list_roles_with(permission)]
    return (
        f"This requires the {' or '.join(allowed)} role. Your role is {Role(role).label.lower()}; "
        "a team admin can change it."
    )
