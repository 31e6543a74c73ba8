"""The seven legacy routes, answered by older servers only, in the types of today."""

from __future__ import annotations

from functools import partial
from typing import Unpack

from loopsweb.loops_api import parsers
from loopsweb.loops_api.decoding import only
from loopsweb.loops_api.requests import NewRun, NewSampler, given
from loopsweb.loops_api.row_lists import Listing
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.types import Checkpoint, FilePage, Run, Sampler, Session

_NOT_LEGACY = {"name", "availability_model", "replicas", "reuse_from_run_id"}
_OLD_NAMES = {"base_model": "model", "path": "checkpoint_path", "model_path": "checkpoint_path"}


class LegacyRoutes:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def search_trainers(
        self, trainer_id: str | None = None, *, base_model: str | None = None
    ) -> Listing[Run]:
        """POST /v1/trainers/search. The server filters by trainer, `base_model` is picked here."""
        body = self._transport.send(
            "POST", "/v1/trainers/search", body=given({"trainer_id": trainer_id})
        )
        return Listing(
            body, "trainers", parsers.run, lambda run: base_model in {None, run.base_model}
        )

    def search_checkpoint(self, checkpoint_path: str) -> Checkpoint:
        """POST /v1/trainers/checkpoints/search"""
        body = self._transport.send(
            "POST", "/v1/trainers/checkpoints/search", body={"checkpoint_path": checkpoint_path}
        )
        return only(body, "checkpoint", parsers.checkpoint)

    def create_trainer_session(self, training_project_id: str | None = None) -> Session:
        """POST /v1/trainer_sessions"""
        body = self._transport.send(
            "POST", "/v1/trainer_sessions", body=given({"training_project_id": training_project_id})
        )
        return only(body, "session", parsers.session)

    def create_trainer(self, **fields: Unpack[NewRun]) -> Run:
        """POST /v1/trainer_sessions/{session_id}/trainers: with a paired sampler.

        Raises ValueError for fields older servers do not know, rather than dropping them.
        """
        sent = given(fields)
        if unknown := _NOT_LEGACY & sent.keys():
            raise ValueError(f"This server's older API has no {', '.join(sorted(unknown))}.")
        session_id = sent.pop("session_id")
        body = self._transport.send(
            "POST", "/v1/trainer_sessions/{}/trainers", session_id, body=_renamed(sent)
        )
        return only(body, "trainer_server", parsers.run)

    def create_trainer_sampler(self, **fields: Unpack[NewSampler]) -> Sampler:
        """POST /v1/trainer_sessions/{session_id}/samplers"""
        sent = given(fields)
        session_id = sent.pop("session_id")
        body = self._transport.send(
            "POST", "/v1/trainer_sessions/{}/samplers", session_id, body=_renamed(sent)
        )
        return only(body, "sampling_server", parsers.sampler)

    def list_trainer_checkpoints(self, session_id: str, trainer_id: str) -> Listing[Checkpoint]:
        """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints"""
        body = self._transport.get(
            "/v1/trainer_sessions/{}/trainers/{}/checkpoints", session_id, trainer_id, is_list=True
        )
        return Listing(body, "checkpoints", partial(parsers.checkpoint, run_id=trainer_id))

    def list_trainer_checkpoint_files(
        self,
        session_id: str,
        trainer_id: str,
        checkpoint_id: str,
        page_size: int | None = None,
        page_token: int | None = None,
    ) -> FilePage:
        """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints/{id}/files"""
        body = self._transport.get(
            "/v1/trainer_sessions/{}/trainers/{}/checkpoints/{}/files",
            session_id,
            trainer_id,
            checkpoint_id,
            page_size=page_size,
            page_token=page_token,
        )
        return only(body, None, parsers.file_page)


def _renamed(fields: dict[str, object]) -> dict[str, object]:
    return {_OLD_NAMES.get(name, name): value for name, value in fields.items()}
