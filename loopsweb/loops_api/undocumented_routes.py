"""The undocumented routes. A server without them responds with 404: errors.NotFound."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

from loopsweb.loops_api import parsers, types, undocumented_parsers
from loopsweb.loops_api.decoding import decode_envelope, decode_object, decode_rows
from loopsweb.loops_api.request_bodies import NewRun, omit_none
from loopsweb.loops_api.transport import Transport

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UndocumentedRoutes:
    """One method per route."""

    _transport: Transport

    def get_capabilities(self) -> tuple[types.SupportedModel, ...]:
        """GET /v1/loops/capabilities"""
        body = self._transport.get("/v1/loops/capabilities")
        return decode_rows(body, "supported_models", undocumented_parsers.parse_supported_model)

    def validate_checkpoint(self, checkpoint_path: str) -> None:
        """POST /v1/loops/checkpoints/validate. Raises an error unless the URI resolves."""
        sent = {"checkpoint_path": checkpoint_path}
        self._transport.send("POST", "/v1/loops/checkpoints/validate", body=sent)

    def deactivate_run(self, run_id: str) -> types.Deactivated:
        """POST /v1/loops/runs/{run_id}/deactivate: ends the run and its paired sampler."""
        body = self._transport.send("POST", "/v1/loops/runs/{}/deactivate", run_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def deactivate_sampler(self, sampler_id: str) -> types.Deactivated:
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
    ) -> tuple[types.LogLine, ...]:
        """GET /v1/loops/deployments/{deployment_id}/logs

        start, end: aware, at most seven days apart. direction: asc or desc. limit: 1 to 1000.
        min_level: DEBUG, INFO, WARNING or ERROR; lines without a level are left out then.
        """
        query = _build_window(start, end)
        query |= {"direction": direction, "limit": limit, "min_level": min_level}
        body = self._transport.get("/v1/loops/deployments/{}/logs", deployment_id, **query)
        return decode_rows(body, "logs", undocumented_parsers.parse_log_line)

    def get_metrics(
        self, deployment_id: str, *, start: datetime, end: datetime, step_seconds: int | None = None
    ) -> types.Metrics:
        """POST /v1/loops/deployments/{deployment_id}/metrics; start and end are aware."""
        sent = omit_none(_build_window(start, end) | {"step_seconds": step_seconds})
        route = "/v1/loops/deployments/{}/metrics"
        body = self._transport.send("POST", route, deployment_id, body=sent)
        return decode_object(body, None, undocumented_parsers.parse_metrics)

    def get_identity(self) -> types.Identity:
        """GET /v1/users/me: the user of the key."""
        body = self._transport.get("/v1/users/me")
        return decode_object(body, None, undocumented_parsers.parse_identity)

    def list_prices(self) -> tuple[types.Price, ...]:
        """GET /v1/instance_type_prices"""
        body = self._transport.get("/v1/instance_type_prices")
        return decode_rows(body, "instance_types", undocumented_parsers.parse_price)

    def list_instance_types(self) -> tuple[types.InstanceType, ...]:
        """GET /v1/instance_types"""
        body = self._transport.get("/v1/instance_types")
        return decode_rows(body, "instance_types", parsers.parse_instance_type)

    def set_checkpoint_ttl(self, checkpoint_id: str, ttl_seconds: int | None) -> types.Checkpoint:
        """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: 3600 to 315360000 s; None removes it."""
        sent = {"ttl_seconds": ttl_seconds}
        body = self._transport.send("PUT", "/v1/loops/checkpoints/{}/ttl", checkpoint_id, body=sent)
        key = "checkpoint" if "checkpoint" in decode_envelope(body) else None
        return decode_object(body, key, parsers.parse_checkpoint)

    def delete_checkpoint(self, checkpoint_id: str) -> None:
        """DELETE /v1/loops/checkpoints/{checkpoint_id}. errors.Conflict while it is in use."""
        self._transport.send("DELETE", "/v1/loops/checkpoints/{}", checkpoint_id)

    def list_api_keys(self) -> tuple[types.ApiKeyInfo, ...]:
        """GET /v1/api_keys: prefixes only, never a key."""
        body = self._transport.get("/v1/api_keys")
        return decode_rows(body, "keys", undocumented_parsers.parse_api_key_info)

    def create_trainer(self, **fields: Unpack[NewRun]) -> types.Run:
        """POST /v1/loops/trainers: as `create_run`, without a sampler."""
        body = self._transport.send("POST", "/v1/loops/trainers", body=omit_none(fields))
        return decode_object(body, "run", parsers.parse_run)


def _build_window(start: datetime, end: datetime) -> dict[str, Any]:
    times = {"start_epoch_millis": start, "end_epoch_millis": end}
    return {name: (at - _EPOCH) // timedelta(milliseconds=1) for name, at in times.items()}
