"""The seven legacy routes of older servers, with the current types."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Unpack

from loopsweb.loops_api import parsers
from loopsweb.loops_api.decoding import decode_object
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.request_bodies import NewRun, NewSampler, omit_none
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.types import Checkpoint, FilePage, Run, Sampler, Session

_RUN_FIELDS = {
    "session_id",
    "model",
    "max_seq_len",
    "lora_rank",
    "seed",
    "scale_down_delay_seconds",
    "checkpoint_path",
}
_SAMPLER_FIELDS = {"session_id", "model", "max_seq_length", "checkpoint_path"}
_LEGACY_NAMES = {"base_model": "model", "path": "checkpoint_path", "model_path": "checkpoint_path"}


class LegacyRoutes:
    """One method per legacy route."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def search_trainers(
        self, trainer_id: str | None = None, *, base_model: str | None = None
    ) -> LazyList[Run]:
        """POST /v1/trainers/search. The server filters by trainer, the client by model."""
        sent = omit_none({"trainer_id": trainer_id})
        body = self._transport.send("POST", "/v1/trainers/search", body=sent)
        return LazyList(
            body, "trainers", parsers.parse_run, lambda run: base_model in {None, run.base_model}
        )

    def search_checkpoint(self, checkpoint_path: str) -> Checkpoint:
        """POST /v1/trainers/checkpoints/search"""
        sent = {"checkpoint_path": checkpoint_path}
        body = self._transport.send("POST", "/v1/trainers/checkpoints/search", body=sent)
        return decode_object(body, "checkpoint", parsers.parse_legacy_checkpoint)

    def create_trainer_session(self, training_project_id: str | None = None) -> Session:
        """POST /v1/trainer_sessions"""
        sent = omit_none({"training_project_id": training_project_id})
        body = self._transport.send("POST", "/v1/trainer_sessions", body=sent)
        return decode_object(body, "session", parsers.parse_session)

    def create_trainer(self, **fields: Unpack[NewRun]) -> Run:
        """POST /v1/trainer_sessions/{session_id}/trainers: with a paired sampler.

        Raises ValueError for fields that older servers do not support.
        """
        sent = _translate_fields(fields, known=_RUN_FIELDS)
        route, session_id = "/v1/trainer_sessions/{}/trainers", sent.pop("session_id")
        body = self._transport.send("POST", route, session_id, body=sent)
        return decode_object(body, "trainer_server", parsers.parse_run)

    def create_trainer_sampler(self, **fields: Unpack[NewSampler]) -> Sampler:
        """POST /v1/trainer_sessions/{session_id}/samplers. Raises ValueError as above."""
        sent = _translate_fields(fields, known=_SAMPLER_FIELDS)
        route, session_id = "/v1/trainer_sessions/{}/samplers", sent.pop("session_id")
        body = self._transport.send("POST", route, session_id, body=sent)
        return decode_object(body, "sampling_server", parsers.parse_sampler)

    def list_trainer_checkpoints(self, session_id: str, trainer_id: str) -> LazyList[Checkpoint]:
        """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints"""
        route = "/v1/trainer_sessions/{}/trainers/{}/checkpoints"
        body = self._transport.get(route, session_id, trainer_id, is_list=True)
        parse = partial(parsers.parse_legacy_checkpoint, run_id=trainer_id)
        return LazyList(body, "checkpoints", parse)

    def list_trainer_checkpoint_files(
        self,
        session_id: str,
        trainer_id: str,
        name: str,
        page_size: int | None = None,
        page_token: int | None = None,
    ) -> FilePage:
        """GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints/{name}/files"""
        route = "/v1/trainer_sessions/{}/trainers/{}/checkpoints/{}/files"
        ids = (session_id, trainer_id, name)
        body = self._transport.get(route, *ids, page_size=page_size, page_token=page_token)
        return decode_object(body, None, parsers.parse_file_page)


def _translate_fields(fields: Mapping[str, Any], *, known: set[str]) -> dict[str, Any]:
    sent = {_LEGACY_NAMES.get(name, name): value for name, value in omit_none(fields).items()}
    if unknown := sent.keys() - known:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"This server's older API does not support {names}.")
    return sent
