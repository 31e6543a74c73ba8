"""Sessions to snapshot rows. No route lists sessions, so they come from what names them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loopsweb.loops_api import types
from loopsweb.resources.sessions.models import Origin, Session
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import store_answer


def store_sessions(
    session_ids: Iterable[str], *, poll: PollContext, origin: Origin = Origin.RUN
) -> None:
    """Add the sessions that are new. A known session keeps its origin."""
    ids = set(session_ids)
    known = Session.objects.in_workspace(poll.workspace).filter(remote_id__in=ids)
    ids -= set(known.values_list("remote_id", flat=True))
    store_answer(
        [types.Session(id=session_id, raw={"id": session_id}) for session_id in sorted(ids)],
        lambda session: Session(origin=origin, raw=session.raw),
        model=Session,
        poll=poll,
    )


def store_created_session(
    session: types.Session, *, sent: Mapping[str, Any], poll: PollContext
) -> None:
    """Store a session the API just created; its answer is only the id."""
    store_sessions([session.id], poll=poll, origin=Origin.CREATED)
