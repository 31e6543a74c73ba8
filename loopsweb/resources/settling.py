"""Asking what became of a deactivation, with whatever key of the workspace can ask."""

from __future__ import annotations

import logging
from datetime import datetime

from loopsweb.keys.clients import KeyUnusable, client_of
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors
from loopsweb.resources.deployments import actions
from loopsweb.resources.deployments.models import Deactivation
from loopsweb.resources.feeds import Feed
from loopsweb.resources.poll_state import PollState
from loopsweb.resources.reading import Reading

log = logging.getLogger(__name__)


def settle(deactivation_id: int, *, now: datetime) -> None:
    deactivation = Deactivation.objects.select_related("workspace").get(pk=deactivation_id)
    workspace = deactivation.workspace
    keys = Key.objects.in_workspace(workspace).usable().exclude(can_manage=False)
    key = keys.order_by("-sees_organisation", "pk").first()
    if key is None:
        log.warning("no key can ask about %s", deactivation)
        return
    feed = Feed.of(PollState.objects.get(key=key), "deployments")
    reading = Reading.by(key, now=now, previous_at=feed.as_of)
    try:
        actions.settle(deactivation, client=client_of(key), reading=reading)
    except (KeyUnusable, errors.LoopsError) as error:
        log.warning("asking about %s failed: %s", deactivation, error)
