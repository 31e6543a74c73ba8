from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete, post_migrate, post_save

from loopsweb.keys.signals import key_ready, key_removing, key_unusable


class ResourcesConfig(AppConfig):
    name = "loopsweb.resources"

    def ready(self) -> None:
        from loopsweb.audit.erasure import person_erased
        from loopsweb.resources import erasure, removed_keys, search_indexes, sqlite_statistics
        from loopsweb.resources.catalogue import prices_changed
        from loopsweb.resources.deactivations import reconcile
        from loopsweb.resources.figures import refresh
        from loopsweb.resources.snapshot import starts
        from loopsweb.resources.snapshot.status_changes import statuses_changed
        from loopsweb.resources.snapshot.store import rows_stored

        rows_stored.connect(refresh.refresh_after_store, dispatch_uid="figures_of_rows")
        rows_stored.connect(starts.record_reported_starts, dispatch_uid="starts_of_rows")
        prices_changed.connect(refresh.refresh_everything, dispatch_uid="figures_at_prices")
        statuses_changed.connect(reconcile.record_ends, dispatch_uid="record_ends")
        person_erased.connect(erasure.erase_person, dispatch_uid="forgetting")
        key_removing.connect(removed_keys.mark_rows_missing, dispatch_uid="rows_of_removed_keys")
        key_ready.connect(schedule_poll, dispatch_uid="poll_at_once")
        key_unusable.connect(wake_siblings, dispatch_uid="wake_siblings")
        for changed in (post_save, post_delete):
            changed.connect(wake_team, sender="accounts.Membership", dispatch_uid="wake_team")
        for prepare in (search_indexes.create_indexes, sqlite_statistics.write_statistics):
            post_migrate.connect(prepare, sender=self, dispatch_uid=prepare.__name__)


def schedule_poll(key: Any, now: datetime, **_: Any) -> None:
    """Poll at once with a key that is new, was replaced or checked again."""
    from loopsweb.resources.snapshot.poll_state import PollState

    due = {"next_poll_at": now, "parked_until": None, "failures": 0, "refused_since": None}
    PollState.objects.update_or_create(key=key, defaults=due)


def wake_team(instance: Any, **_: Any) -> None:
    """Who joins a team, or leaves it, changes which of its keys poll."""
    from loopsweb.resources.snapshot.poll_state import wake

    wake(key__workspace__team=instance.team_id)


def wake_siblings(key: Any, **_: Any) -> None:
    """Another key may poll instead of one that cannot be used."""
    from loopsweb.resources.snapshot.poll_state import wake

    wake(key__workspace=key.workspace_id)
