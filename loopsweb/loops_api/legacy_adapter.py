"""Serves the current list calls by legacy routes."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from loopsweb.loops_api import parsers
from loopsweb.loops_api.errors import AmbiguousName, NotFound
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.legacy_routes import LegacyRoutes
from loopsweb.loops_api.types import Checkpoint, FilePage, Run

Place = tuple[str, str, str]  # the IDs of session and run, and the checkpoint's name
MAX_PAGE_SIZE = 1000


class LegacyAdapter:
    """Legacy routes are nested in sessions and runs, so some calls need several requests."""

    def __init__(self, routes: LegacyRoutes) -> None:
        self._routes = routes
        self._places: dict[str, Place] = {}

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
        """The files of a checkpoint. Without a run ID every run is searched, once.

        Raises AmbiguousName if they may be another checkpoint's.
        """
        if checkpoint_id not in self._places:
            self._places[checkpoint_id] = self._find_place(checkpoint_id, run_id)
        place = self._places[checkpoint_id]
        return self._routes.list_trainer_checkpoint_files(*place, page_size, page_token)

    def _find_place(self, checkpoint_id: str, run_id: str | None) -> Place:
        for run in self._routes.search_trainers(run_id):
            if run_id not in {None, run.id}:
                continue
            listed = list(self._list_checkpoints(run))
            found = next((one for one in listed if one.id == checkpoint_id), None)
            if found is not None and found.name is not None:
                place = (run.session_id or "", run.id, found.name)
                self._check_name(place, found, listed)
                return place
        raise NotFound("no run has this checkpoint", status=404)

    def _check_name(self, place: Place, wanted: Checkpoint, listed: list[Checkpoint]) -> None:
        """Trainer and sampler checkpoints may share a name: their files are told by their size."""
        sizes = [one.size_bytes for one in listed if one.name == wanted.name]
        size = wanted.size_bytes
        is_distinct = size is not None and sizes.count(size) == 1
        if len(sizes) > 1 and not (is_distinct and self._sum_sizes(place) == size):
            message = "another checkpoint of the run has this name"
            raise AmbiguousName(message, may_have_been_received=False)

    def _sum_sizes(self, place: Place) -> int | None:
        """The bytes of all files; None if the server does not give them."""
        total, token = 0, 0
        while True:
            page = self._routes.list_trainer_checkpoint_files(*place, MAX_PAGE_SIZE, token)
            sizes = [file.size_bytes for file in page.files]
            if None in sizes:
                return None
            total += sum(size or 0 for size in sizes)
            if page.next_page_token is None:
                return total
            if page.next_page_token <= token:
                return None
            token = page.next_page_token

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
    return LazyList(body, "checkpoints", parsers.parse_legacy_checkpoint)
