from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "loopsweb.accounts"

    def ready(self) -> None:
        from loopsweb.accounts import sign_in

        assert sign_in  # noqa: S101  (imported for its receivers)
