from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class AccountsConfig(AppConfig):
    name = "loopsweb.accounts"

    def ready(self) -> None:
        from loopsweb.accounts import single_sign_on  # isort: skip  (its receiver comes first:
        from loopsweb.accounts import sign_in  # a sign-in is told where the person now belongs)

        assert sign_in  # noqa: S101  (imported for its receivers)
        single_sign_on.grants(settings.OIDC_ROLES)  # a bad map is said at the start
