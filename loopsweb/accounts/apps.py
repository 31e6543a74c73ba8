from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "loopsweb.accounts"

    def ready(self) -> None:
        from loopsweb.accounts.auth import oidc_roles  # isort: skip  (its receiver comes first:
        from loopsweb.accounts.auth import oidc, sign_in  # a sign-in is told where one belongs now)
        from loopsweb.accounts.invitations import erasure

        assert [sign_in, oidc, erasure]  # noqa: S101  (imported for their receivers)
        oidc_roles.grants(settings.OIDC_ROLES)  # a bad map is said at the start
