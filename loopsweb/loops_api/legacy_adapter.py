"""Serves the current list calls by legacy routes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from loopsweb.loops_api import parsers
from loopsweb.loops_api.errors import NotFound
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.legacy_routes import LegacyRoutes
from loopsweb.loops_api.types import Checkpoint, FilePage, Run


class LegacyAdapter:
    """Legacy routes are nested in sessions and runs, so some calls need several requests."""

    def __init__(self, routes: LegacyRoutes) -> None:
        self._routes = routes
        self._parents: dict[str, tuple[str, str]] = {}

    def list_checkpoints(
        self,
        *,
        run_id: str | None = None,
        base_model: str | None = None,
        checkpoint_path: str | None = None,
    ) -> LazyList[Checkpoint]:
        if checkpoint_path is not None:
            return _build_list([self._routes.search_checkpoint(checkpoint_path)])
        if run_id is not None:
            return self._routes.list_trainer_checkpoints(self._find_session_id(run_id), run_id)
        runs = self._routes.search_trainers(base_model=base_model)
        return _build_list(checkpoint for run in runs for checkpoint in self._list_checkpoints(run))

    def list_files(
        self, checkpoint_id: str, page_size: int | None, page_token: int | None, run_id: str | None
    ) -> FilePage:
        """The files of a checkpoint. Without a run ID every run is searched, once."""
        if checkpoint_id not in self._parents:
            self._parents[checkpoint_id] = self._find_parent(checkpoint_id, run_id)
        ids = (*self._parents[checkpoint_id], checkpoint_id)
        return self._routes.list_trainer_checkpoint_files(*ids, page_size, page_token)

    def _find_parent(self, checkpoint_id: str, run_id: str | None) -> tuple[str, str]:
        if run_id is not None:
            return self._find_session_id(run_id), run_id
        for run in self._routes.search_trainers():
            if any(found.id == checkpoint_id for found in self._list_checkpoints(run)):
                return run.session_id or "", run.id
        raise NotFound("no run has this checkpoint", status=404)

    def _find_session_id(self, run_id: str) -> str:
        for run in self._routes.search_trainers(run_id):
            if run.id == run_id and run.session_id is not None:
                return run.session_id
        raise NotFound("no run has this ID", status=404)

    def _list_checkpoints(self, run: Run) -> Iterable[Checkpoint]:
        if run.session_id is None:
            return ()
        try:
            return self._routes.list_trainer_checkpoints(run.session_id, run.id)
        except NotFound:  # it disappeared since it was listed
            return ()


def _build_list(checkpoints: Iterable[Checkpoint]) -> LazyList[Checkpoint]:
    rows = [{"trainer_id": found.run_id} | found.raw for found in checkpoints]
    body = msgspec.json.encode({"checkpoints": rows})
    return LazyList(body, "checkpoints", parsers.parse_checkpoint)
