"""The Loops HTTP API as Python: one method per documented route, in the document's order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Unpack

import httpx

from loopsweb.loops_api import errors, parsers
from loopsweb.loops_api.bounds import Limits
from loopsweb.loops_api.decoding import about, only
from loopsweb.loops_api.files import walk
from loopsweb.loops_api.legacy import LegacyRoutes
from loopsweb.loops_api.legacy_generation import LegacyGeneration
from loopsweb.loops_api.optional_routes import NewerRoutes
from loopsweb.loops_api.requests import NewRun, NewSampler, given
from loopsweb.loops_api.row_lists import Listing
from loopsweb.loops_api.secret import Key
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.types import (
    Checkpoint,
    CheckpointFile,
    Deactivated,
    Deployment,
    FilePage,
    Run,
    Sampler,
    Session,
)

Generation = Literal["auto", "current", "legacy"]


class Client(NewerRoutes):
    """One key at one base URL. Cheap to make; every call raises errors.LoopsError when it fails.

    generation: `current` uses the canonical routes, `legacy` the old ones where there are any.
        `auto` becomes one of them at the first list: legacy only when the server answers 404
        to the canonical list of runs and knows the old one.
    http: the process-wide client unless another is given.
    """

    base_url: str = ""
    generation: Generation = "auto"

    def __init__(
        self,
        *,
        base_url: str,
        key: str,
        generation: Generation = "auto",
        http: httpx.Client | None = None,
        limits: Limits | None = None,
    ) -> None:
        try:
            secret = Key(key)
        finally:
            key = ""  # no traceback that shows locals shall show it
        self.generation = generation
        self._transport = Transport(
            base_url=base_url, key=secret, http=http, limits=limits or Limits()
        )
        self.base_url = str(self._transport.base)
        self.legacy = LegacyRoutes(self._transport)
        self._legacy_generation = LegacyGeneration(self.legacy)

    def __repr__(self) -> str:
        return f"<Client {self.base_url} {self.generation}>"

    def create_session(self, training_project_id: str | None = None) -> Session:
        """POST /v1/loops/sessions: without a project, the organisation's default one."""
        if self.generation == "legacy":
            return self.legacy.create_trainer_session(training_project_id)
        sent = given({"training_project_id": training_project_id})
        body = self._transport.send("POST", "/v1/loops/sessions", body=sent)
        return only(body, "session", parsers.session)

    def get_session(self, session_id: str) -> Session:
        """GET /v1/loops/sessions/{session_id}"""
        body = self._transport.get("/v1/loops/sessions/{}", session_id)
        return about(session_id, only(body, "session", parsers.session))

    def create_run(self, **fields: Unpack[NewRun]) -> Run:
        """POST /v1/loops/runs: with a paired sampler."""
        if self.generation == "legacy":
            return self.legacy.create_trainer(**fields)
        body = self._transport.send("POST", "/v1/loops/runs", body=given(fields))
        return only(body, "run", parsers.run)

    def list_runs(
        self, run_id: str | None = None, base_model: str | None = None, scope: str | None = None
    ) -> Listing[Run]:
        """GET /v1/loops/runs. scope: `org` for the whole organisation's, on newer servers."""
        if self.generation == "legacy":
            return self.legacy.search_trainers(run_id, base_model=base_model)
        try:
            body = self._transport.get(
                "/v1/loops/runs", is_list=True, run_id=run_id, base_model=base_model, scope=scope
            )
        except errors.NotFound:
            if not self._speaks_legacy():
                raise
            return self.legacy.search_trainers(run_id, base_model=base_model)
        self._speaks_current()
        return Listing(body, "runs", parsers.run)

    def get_run(self, run_id: str) -> Run:
        """GET /v1/loops/runs/{run_id}"""
        body = self._transport.get("/v1/loops/runs/{}", run_id)
        return about(run_id, only(body, "run", parsers.run))

    def create_sampler(self, **fields: Unpack[NewSampler]) -> Sampler:
        """POST /v1/loops/samplers: standalone."""
        if self.generation == "legacy":
            return self.legacy.create_trainer_sampler(**fields)
        body = self._transport.send("POST", "/v1/loops/samplers", body=given(fields))
        return only(body, "sampler", parsers.sampler)

    def list_samplers(self, scope: str | None = None) -> Listing[Sampler]:
        """GET /v1/loops/samplers"""
        body = self._transport.get("/v1/loops/samplers", is_list=True, scope=scope)
        return Listing(body, "samplers", parsers.sampler)

    def get_sampler(self, sampler_id: str) -> Sampler:
        """GET /v1/loops/samplers/{sampler_id}"""
        body = self._transport.get("/v1/loops/samplers/{}", sampler_id)
        return about(sampler_id, only(body, "sampler", parsers.sampler))

    def list_checkpoints(
        self,
        run_id: str | None = None,
        base_model: str | None = None,
        checkpoint_path: str | None = None,
    ) -> Listing[Checkpoint]:
        """GET /v1/loops/checkpoints, by exactly one of the three, else ValueError."""
        asked = given(
            {"run_id": run_id, "base_model": base_model, "checkpoint_path": checkpoint_path}
        )
        if len(asked) != 1:
            raise ValueError("Ask by exactly one of run_id, base_model and checkpoint_path.")
        if self.generation == "legacy":
            return self._legacy_generation.list_checkpoints(**asked)
        try:
            body = self._transport.get("/v1/loops/checkpoints", is_list=True, **asked)
        except errors.NotFound:
            if not self._speaks_legacy():
                raise
            return self._legacy_generation.list_checkpoints(**asked)
        self._speaks_current()
        return Listing(body, "checkpoints", parsers.checkpoint)

    def list_files(
        self,
        checkpoint_id: str,
        page_size: int | None = None,
        page_token: int | None = None,
        *,
        run_id: str | None = None,
    ) -> FilePage:
        """GET /v1/loops/checkpoints/{checkpoint_id}/files: presigned, so never to be stored.

        run_id: where known, spares a search on legacy servers; else unused.
        """
        if self.generation == "legacy":
            return self._legacy_generation.list_files(checkpoint_id, page_size, page_token, run_id)
        body = self._transport.get(
            "/v1/loops/checkpoints/{}/files",
            checkpoint_id,
            is_list=True,
            page_size=page_size,
            page_token=page_token,
        )
        return only(body, None, parsers.file_page)

    def iter_files(
        self, checkpoint_id: str, page_size: int = 1000, *, run_id: str | None = None
    ) -> Iterator[CheckpointFile]:
        """All files of a checkpoint, page after page, each page asked for when it is reached."""
        return walk(lambda token: self.list_files(checkpoint_id, page_size, token, run_id=run_id))

    def list_deployments(self, scope: str | None = None) -> Listing[Deployment]:
        """GET /v1/loops/deployments: older servers leave out the stopped ones."""
        body = self._transport.get("/v1/loops/deployments", is_list=True, scope=scope)
        return Listing(body, "deployments", parsers.deployment)

    def deactivate_deployment(self, deployment_id: str) -> Deactivated:
        """POST /v1/loops/deployments/{deployment_id}/deactivate: ends the training for good."""
        body = self._transport.send("POST", "/v1/loops/deployments/{}/deactivate", deployment_id)
        return only(body, None, parsers.deactivated)

    def get_deployment(self, deployment_id: str) -> Deployment:
        """GET /v1/loops/deployments/{deployment_id}: answers for stopped ones too."""
        body = self._transport.get("/v1/loops/deployments/{}", deployment_id)
        return about(deployment_id, only(body, "deployment", parsers.deployment))

    def _speaks_current(self) -> None:
        if self.generation == "auto":
            self.generation = "current"

    def _speaks_legacy(self) -> bool:
        """After a 404 of a list: whether this server knows the old routes only."""
        if self.generation != "auto":
            return False
        try:
            self._transport.get("/v1/loops/runs", is_list=True)
        except errors.NotFound:
            pass
        else:
            self._speaks_current()
            return False
        try:
            self.legacy.search_trainers()
        except errors.StatusError:
            return False
        self.generation = "legacy"
        return True
