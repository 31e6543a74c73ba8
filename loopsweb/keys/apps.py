from __future__ import annotations

from django.apps import AppConfig

from loopsweb import cipher


class KeysConfig(AppConfig):
    name = "loopsweb.keys"

    def ready(self) -> None:
        from loopsweb.keys import departures

        assert departures  # noqa: S101  (imported for its receiver)
        cipher.ring()  # a bad ring is said at the start, not at the first key
