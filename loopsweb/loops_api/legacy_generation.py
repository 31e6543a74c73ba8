"""Answering today's questions with the legacy routes alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from loopsweb.loops_api import parsers
from loopsweb.loops_api.errors import NotFound
from loopsweb.loops_api.legacy import LegacyRoutes
from loopsweb.loops_api.row_lists import Listing
from loopsweb.loops_api.types import Checkpoint, FilePage, Run


class LegacyGeneration:
    """The old routes hang on sessions and runs, so some questions take several calls here."""

    def __init__(self, routes: LegacyRoutes) -> None:
        self._routes = routes
        self._places: dict[str, tuple[str, str]] = {}

    def list_checkpoints(
        self,
        *,
        run_id: str | None = None,
        base_model: str | None = None,
        checkpoint_path: str | None = None,
    ) -> Listing[Checkpoint]:
        if checkpoint_path is not None:
            return _listing([self._routes.search_checkpoint(checkpoint_path)])
        if run_id is not None:
            return self._routes.list_trainer_checkpoints(self._session_of(run_id), run_id)
        runs = self._routes.search_trainers(base_model=base_model)
        return _listing(checkpoint for run in runs for checkpoint in self._checkpoints_of(run))

    def list_files(
        self, checkpoint_id: str, page_size: int | None, page_token: int | None, run_id: str | None
    ) -> FilePage:
        """Without a run id the checkpoint is looked for in every run, once."""
        if checkpoint_id not in self._places:
            self._places[checkpoint_id] = (
                self._find(checkpoint_id) if run_id is None else (self._session_of(run_id), run_id)
            )
        return self._routes.list_trainer_checkpoint_files(
            *self._places[checkpoint_id], checkpoint_id, page_size, page_token
        )

    def _find(self, checkpoint_id: str) -> tuple[str, str]:
        for run in self._routes.search_trainers():
            if any(found.id == checkpoint_id for found in self._checkpoints_of(run)):
                return run.session_id or "", run.id
        raise NotFound("no run has this checkpoint", status=404)

    def _session_of(self, run_id: str) -> str:
        for run in self._routes.search_trainers(run_id):
            if run.id == run_id and run.session_id is not None:
                return run.session_id
        raise NotFound("no run has this ID", status=404)

    def _checkpoints_of(self, run: Run) -> Iterable[Checkpoint]:
        if run.session_id is None:
            return ()
        return self._routes.list_trainer_checkpoints(run.session_id, run.id)


def _listing(checkpoints: Iterable[Checkpoint]) -> Listing[Checkpoint]:
    rows = [{"trainer_id": found.run_id} | found.raw for found in checkpoints]
    return Listing(msgspec.json.encode({"checkpoints": rows}), "checkpoints", parsers.checkpoint)
