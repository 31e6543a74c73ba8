"""Sessions are harvested: no route lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loopsweb.loops_api import types
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.store import keep


def harvest(session_ids: Iterable[str], *, reading: Reading, origin: Origin = Origin.RUN) -> None:
    """Add the sessions not known yet; a known one keeps its origin."""
    ids = set(session_ids)
    known = Session.objects.in_workspace(reading.workspace).filter(remote_id__in=ids)
    ids -= set(known.values_list("remote_id", flat=True))
    keep(
        [types.Session(id=session_id, raw={"id": session_id}) for session_id in sorted(ids)],
        lambda session: Session(origin=origin, raw=session.raw),
        model=Session,
        reading=reading,
        tracked=(),
    )


def keep_created(session: types.Session, *, asked: Mapping[str, Any], reading: Reading) -> None:
    """A session the API just made; its answer is no more than the id."""
    harvest([session.id], reading=reading, origin=Origin.CREATED)
