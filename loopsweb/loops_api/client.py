"""The client: one method per documented route, in the document's order.

`team_id` makes it the same route of one team, which is undocumented.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal, Unpack

import httpx

from loopsweb.loops_api import errors, parsers, types
from loopsweb.loops_api.api_key import ApiKey
from loopsweb.loops_api.decoding import Body, check_id, decode_object
from loopsweb.loops_api.lazy_list import LazyList
from loopsweb.loops_api.legacy_adapter import LegacyAdapter
from loopsweb.loops_api.legacy_routes import LegacyRoutes
from loopsweb.loops_api.organisation_routes import OrganisationRoutes
from loopsweb.loops_api.request_bodies import NewRun, NewSampler, omit_none
from loopsweb.loops_api.request_limits import Limits
from loopsweb.loops_api.request_urls import locate
from loopsweb.loops_api.telemetry_routes import TelemetryRoutes
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.undocumented_routes import UndocumentedRoutes

Generation = Literal["auto", "current", "legacy"]


class Client(UndocumentedRoutes, TelemetryRoutes, OrganisationRoutes):
    """One key at one base URL. Cheap to create. Every call raises errors.LoopsError if it fails.

    generation: `current` uses the canonical routes, `legacy` the legacy ones where they exist.
        `auto` becomes one of them at the first list: `legacy` if the server responds with 404
        to the canonical list of runs and has the legacy one. Each becomes the other when the
        whole list of runs, or a list that the oldest servers lack, shows that the server changed.
    http: what sends requests; the connections of the process by default.
    """

    base_url: str = ""
    generation: Generation = "auto"

    def __init__(
        self,
        *,
        base_url: str,
        key: str,
        generation: Generation = "auto",
        http: httpx.BaseTransport | None = None,
        limits: Limits | None = None,
    ) -> None:
        try:
            secret = ApiKey(key)
        finally:
            key = ""  # so that no traceback with locals shows it
        self.generation = generation
        self._transport = Transport(
            base_url=base_url, key=secret, http=http, limits=limits or Limits()
        )
        self.base_url = str(self._transport.base)
        self.legacy = LegacyRoutes(self._transport)
        self._legacy_adapter = LegacyAdapter(self.legacy)

    def __repr__(self) -> str:
        return f"<Client {self.base_url} {self.generation}>"

    def create_session(
        self, training_project_id: str | None = None, *, team_id: str | None = None
    ) -> types.Session:
        """POST /v1/loops/sessions: without a project, the organisation's default one."""
        if self.generation == "legacy" and team_id is None:
            return self.legacy.create_trainer_session(training_project_id)
        sent = omit_none({"training_project_id": training_project_id})
        route, ids = locate("sessions", team_id)
        body = self._transport.send("POST", route, *ids, body=sent)
        return decode_object(body, "session", parsers.parse_session)

    def get_session(self, session_id: str) -> types.Session:
        """GET /v1/loops/sessions/{session_id}"""
        body = self._transport.get("/v1/loops/sessions/{}", session_id)
        return check_id(session_id, decode_object(body, "session", parsers.parse_session))

    def create_run(self, *, team_id: str | None = None, **fields: Unpack[NewRun]) -> types.Run:
        """POST /v1/loops/runs: with a paired sampler."""
        if self.generation == "legacy" and team_id is None:
            return self.legacy.create_trainer(**fields)
        route, ids = locate("runs", team_id)
        body = self._transport.send("POST", route, *ids, body=omit_none(fields))
        return decode_object(body, "run", parsers.parse_run)

    def list_runs(
        self,
        run_id: str | None = None,
        base_model: str | None = None,
        scope: str | None = None,
        *,
        team_id: str | None = None,
    ) -> LazyList[types.Run]:
        """GET /v1/loops/runs. scope: `org` for the whole organisation's (undocumented)."""
        query = {"run_id": run_id, "base_model": base_model, "scope": scope}
        body: Body | None
        if team_id is None:
            is_whole = run_id is base_model is None
            body = self._get_unless_legacy("/v1/loops/runs", query, may_have_changed=is_whole)
        else:
            body = self._transport.get("/v1/teams/{}/loops/runs", team_id, is_list=True, **query)
        if body is None:
            try:
                return self.legacy.search_trainers(run_id, base_model=base_model)
            except errors.NotFound:
                body = self._transport.get("/v1/loops/runs", is_list=True, **query)
                self.generation = "current"
        return LazyList(body, "runs", parsers.parse_run)

    def get_run(self, run_id: str) -> types.Run:
        """GET /v1/loops/runs/{run_id}"""
        body = self._transport.get("/v1/loops/runs/{}", run_id)
        return check_id(run_id, decode_object(body, "run", parsers.parse_run))

    def create_sampler(
        self, *, team_id: str | None = None, **fields: Unpack[NewSampler]
    ) -> types.Sampler:
        """POST /v1/loops/samplers: standalone, or with a `run_id` that run's."""
        if self.generation == "legacy" and team_id is None:
            return self.legacy.create_trainer_sampler(**fields)
        route, ids = locate("samplers", team_id)
        body = self._transport.send("POST", route, *ids, body=omit_none(fields))
        return decode_object(body, "sampler", parsers.parse_sampler)

    def list_samplers(
        self, scope: str | None = None, *, team_id: str | None = None
    ) -> LazyList[types.Sampler]:
        """GET /v1/loops/samplers"""
        route, ids = locate("samplers", team_id)
        body = self._transport.get(route, *ids, is_list=True, scope=scope)
        if self.generation == "legacy":
            self._detect_upgrade()
        return LazyList(body, "samplers", parsers.parse_sampler)

    def get_sampler(self, sampler_id: str) -> types.Sampler:
        """GET /v1/loops/samplers/{sampler_id}"""
        body = self._transport.get("/v1/loops/samplers/{}", sampler_id)
        return check_id(sampler_id, decode_object(body, "sampler", parsers.parse_sampler))

    def list_checkpoints(
        self,
        run_id: str | None = None,
        base_model: str | None = None,
        checkpoint_path: str | None = None,
    ) -> LazyList[types.Checkpoint]:
        """GET /v1/loops/checkpoints by exactly one of the three. Raises ValueError otherwise."""
        query = omit_none(
            {"run_id": run_id, "base_model": base_model, "checkpoint_path": checkpoint_path}
        )
        if len(query) != 1:
            raise ValueError("Give exactly one of run_id, base_model and checkpoint_path.")
        body = self._get_unless_legacy("/v1/loops/checkpoints", query)
        if body is None:
            return self._legacy_adapter.list_checkpoints(**query)
        return LazyList(body, "checkpoints", parsers.parse_checkpoint)

    def list_files(
        self,
        checkpoint_id: str,
        page_size: int | None = None,
        page_token: int | None = None,
        *,
        run_id: str | None = None,
    ) -> types.FilePage:
        """GET /v1/loops/checkpoints/{checkpoint_id}/files: presigned URLs. Do not store them.

        run_id: saves a search on legacy servers.
        """
        if self.generation == "legacy":
            return self._legacy_adapter.list_files(checkpoint_id, page_size, page_token, run_id)
        query = {"page_size": page_size, "page_token": page_token}
        route = "/v1/loops/checkpoints/{}/files"
        body = self._transport.get(route, checkpoint_id, is_list=True, **query)
        return decode_object(body, None, parsers.parse_file_page)

    def iter_files(
        self, checkpoint_id: str, page_size: int = 1000, *, run_id: str | None = None
    ) -> Iterator[types.CheckpointFile]:
        """All files of a checkpoint. Each page is requested when it is reached.

        Raises MalformedResponse for a page token that does not advance.
        """
        token: int | None = 0
        while token is not None:
            page = self.list_files(checkpoint_id, page_size, token, run_id=run_id)
            yield from page.files
            next_token = page.next_page_token
            if next_token is not None and (next_token <= token or not page.files):
                raise errors.MalformedResponse("The response's 'next_page_token' does not advance.")
            token = next_token

    def list_deployments(self, scope: str | None = None) -> LazyList[types.Deployment]:
        """GET /v1/loops/deployments: older servers leave out STOPPED ones."""
        body = self._transport.get("/v1/loops/deployments", is_list=True, scope=scope)
        return LazyList(body, "deployments", parsers.parse_deployment)

    def deactivate_deployment(self, deployment_id: str) -> types.Deactivated:
        """POST /v1/loops/deployments/{deployment_id}/deactivate: ends the training permanently."""
        body = self._transport.send("POST", "/v1/loops/deployments/{}/deactivate", deployment_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def get_deployment(self, deployment_id: str) -> types.Deployment:
        """GET /v1/loops/deployments/{deployment_id}: finds STOPPED ones too."""
        body = self._transport.get("/v1/loops/deployments/{}", deployment_id)
        return check_id(deployment_id, decode_object(body, "deployment", parsers.parse_deployment))

    def _get_unless_legacy(
        self, route: str, query: dict[str, Any], *, may_have_changed: bool = False
    ) -> Body | None:
        """The response to the GET of a list; None if the server has legacy routes only.

        may_have_changed: a 404 means that the server no longer has the route.
        """
        if self.generation == "legacy":
            return None
        try:
            body = self._transport.get(route, is_list=True, **query)
        except errors.NotFound:
            if (may_have_changed or self.generation == "auto") and self._detect_legacy():
                return None
            raise
        if self.generation == "auto":
            self.generation = "current"
        return body

    def _detect_legacy(self) -> bool:
        """After a 404 of a list: whether this server has the legacy routes only."""
        if self._detect_upgrade():
            return False
        with suppress(errors.StatusError):
            self.legacy.search_trainers()
            self.generation = "legacy"
            return True
        return False

    def _detect_upgrade(self) -> bool:
        """Whether this server has the canonical list of runs."""
        with suppress(errors.NotFound):
            self._transport.get("/v1/loops/runs", is_list=True)
            self.generation = "current"
            return True
        return False
