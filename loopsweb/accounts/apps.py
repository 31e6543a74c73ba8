from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "loopsweb.accounts"

    def ready(self) -> None:
        # oidc_roles comes first: a sign-in is recorded in the teams that its receiver assigns.
        from loopsweb.accounts.auth import oidc_roles  # isort: skip
        from loopsweb.accounts.auth import known_browsers, oidc, sign_in_events
        from loopsweb.accounts.auth.browser_sessions import renewal, timeouts
        from loopsweb.accounts.auth.recovery_codes import replace_recovery_codes_of_allauth
        from loopsweb.accounts.invitations import erasure

        receivers = [known_browsers, sign_in_events, oidc, renewal, timeouts, erasure]
        assert receivers  # noqa: S101  (imported for their receivers)
        replace_recovery_codes_of_allauth()
        oidc_roles.parse_role_mappings(settings.OIDC_ROLES)  # a wrong setting fails at startup
