from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "loopsweb.accounts"

    def ready(self) -> None:
        from loopsweb.accounts import groups  # isort: skip  (its receiver comes first:
        from loopsweb.accounts import (
            forgetting,
            sign_in,
            single_sign_on,
        )  # a sign-in is told where one belongs now)

        assert [sign_in, single_sign_on, forgetting]  # noqa: S101  (imported for their receivers)
        groups.grants(settings.OIDC_ROLES)  # a bad map is said at the start
