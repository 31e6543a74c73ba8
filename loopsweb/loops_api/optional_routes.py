"""Undocumented routes. A server without them responds with 404: errors.NotFound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Unpack

from loopsweb.loops_api import optional_parsers, parsers
from loopsweb.loops_api.decoding import decode_envelope, decode_object, decode_rows
from loopsweb.loops_api.request_bodies import NewRun, omit_none
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.types import (
    ApiKeyInfo,
    Checkpoint,
    Deactivated,
    Identity,
    InstanceType,
    LogLine,
    Metrics,
    Price,
    Run,
    SupportedModel,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OptionalRoutes:
    """One method per route."""

    _transport: Transport

    def get_capabilities(self) -> tuple[SupportedModel, ...]:
        """GET /v1/loops/capabilities"""
        body = self._transport.get("/v1/loops/capabilities")
        return decode_rows(body, "supported_models", optional_parsers.parse_supported_model)

    def validate_checkpoint(self, checkpoint_path: str) -> None:
        """POST /v1/loops/checkpoints/validate. Raises an error unless the URI resolves."""
        self._transport.send(
            "POST", "/v1/loops/checkpoints/validate", body={"checkpoint_path": checkpoint_path}
        )

    def deactivate_run(self, run_id: str) -> Deactivated:
        """POST /v1/loops/runs/{run_id}/deactivate: ends the run and its paired sampler."""
        body = self._transport.send("POST", "/v1/loops/runs/{}/deactivate", run_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def deactivate_sampler(self, sampler_id: str) -> Deactivated:
        """POST /v1/loops/samplers/{sampler_id}/deactivate. A paired one is errors.Conflict."""
        body = self._transport.send("POST", "/v1/loops/samplers/{}/deactivate", sampler_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def list_logs(
        self,
        deployment_id: str,
        *,
        start: datetime,
        end: datetime,
        direction: str = "desc",
        limit: int = 500,
        min_level: str | None = None,
    ) -> tuple[LogLine, ...]:
        """GET /v1/loops/deployments/{deployment_id}/logs

        start, end: aware, at most seven days apart. direction: asc or desc. limit: 1 to 1000.
        min_level: DEBUG, INFO, WARNING or ERROR; lines without a level are left out then.
        """
        body = self._transport.get(
            "/v1/loops/deployments/{}/logs",
            deployment_id,
            start_epoch_millis=_epoch_millis(start),
            end_epoch_millis=_epoch_millis(end),
            direction=direction,
            limit=limit,
            min_level=min_level,
        )
        return decode_rows(body, "logs", optional_parsers.parse_log_line)

    def get_metrics(
        self, deployment_id: str, *, start: datetime, end: datetime, step_seconds: int | None = None
    ) -> Metrics:
        """POST /v1/loops/deployments/{deployment_id}/metrics; start and end are aware."""
        window = {
            "start_epoch_millis": _epoch_millis(start),
            "end_epoch_millis": _epoch_millis(end),
        }
        if step_seconds is not None:
            window["step_seconds"] = step_seconds
        body = self._transport.send(
            "POST", "/v1/loops/deployments/{}/metrics", deployment_id, body=window
        )
        return decode_object(body, None, optional_parsers.parse_metrics)

    def get_identity(self) -> Identity:
        """GET /v1/users/me: the user of the key."""
        return decode_object(
            self._transport.get("/v1/users/me"), None, optional_parsers.parse_identity
        )

    def list_prices(self) -> tuple[Price, ...]:
        """GET /v1/instance_type_prices"""
        body = self._transport.get("/v1/instance_type_prices")
        return decode_rows(body, "instance_types", optional_parsers.parse_price)

    def list_instance_types(self) -> tuple[InstanceType, ...]:
        """GET /v1/instance_types"""
        body = self._transport.get("/v1/instance_types")
        return decode_rows(body, "instance_types", parsers.parse_instance_type)

    def set_checkpoint_ttl(self, checkpoint_id: str, ttl_seconds: int | None) -> Checkpoint:
        """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: 3600 to 315360000 s; None removes it."""
        body = self._transport.send(
            "PUT", "/v1/loops/checkpoints/{}/ttl", checkpoint_id, body={"ttl_seconds": ttl_seconds}
        )
        key = "checkpoint" if "checkpoint" in decode_envelope(body) else None
        return decode_object(body, key, parsers.parse_checkpoint)

    def delete_checkpoint(self, checkpoint_id: str) -> None:
        """DELETE /v1/loops/checkpoints/{checkpoint_id}. errors.Conflict while it is in use."""
        self._transport.send("DELETE", "/v1/loops/checkpoints/{}", checkpoint_id)

    def list_api_keys(self) -> tuple[ApiKeyInfo, ...]:
        """GET /v1/api_keys: prefixes only, never a key."""
        body = self._transport.get("/v1/api_keys")
        return decode_rows(body, "keys", optional_parsers.parse_api_key_info)

    def create_trainer(self, **fields: Unpack[NewRun]) -> Run:
        """POST /v1/loops/trainers: as `create_run`, without a sampler."""
        body = self._transport.send("POST", "/v1/loops/trainers", body=omit_none(fields))
        return decode_object(body, "run", parsers.parse_run)


def _epoch_millis(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)
