"""Template variables for every page: the current workspace, the role and permissions in it, the
workspaces to switch to, and the one whose navigation is shown."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.authorization.last_visited import get_last_visited
from loopsweb.accounts.authorization.own_workspaces import list_own_workspaces
from loopsweb.accounts.models import Workspace


def current_workspace(request: HttpRequest) -> dict[str, Any]:
    workspace = getattr(request, "workspace", None)
    my_workspaces = SimpleLazyObject(lambda: list_own_workspaces(request))

    def find_frame_workspace() -> Workspace | None:
        slug = get_last_visited(request)
        last = next((each for each in my_workspaces if each.slug == slug), None)
        return last or next(iter(my_workspaces), None)

    return {
        "workspace": workspace,
        "frame_workspace": workspace or SimpleLazyObject(find_frame_workspace),
        "role": getattr(request, "role", None),
        "may": {str(permission): True for permission in getattr(request, "permissions", ())},
        "single_sign_on": settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"],
        "sso_only": settings.LOOPSWEB_SSO_ONLY,
        "kept_text": find_kept_text(request),
        "my_workspaces": my_workspaces,
    }
