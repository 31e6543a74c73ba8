"""Logs, metrics and debug archives. All routes are undocumented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from loopsweb.loops_api import undocumented_parsers
from loopsweb.loops_api.decoding import decode_object, decode_rows
from loopsweb.loops_api.request_bodies import omit_none
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.undocumented_types import DebugArchivePage, LogLine, Metrics

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TelemetryRoutes:
    """One method per route. Of logs:

    start, end: aware, at most seven days apart. direction: asc or desc. limit: 1 to 1000.
    min_level: DEBUG, INFO, WARNING or ERROR; lines without a level are left out then.
    """

    _transport: Transport

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
        """GET /v1/loops/deployments/{deployment_id}/logs"""
        query = _build_window(start, end)
        query |= {"direction": direction, "limit": limit, "min_level": min_level}
        body = self._transport.get("/v1/loops/deployments/{}/logs", deployment_id, **query)
        return decode_rows(body, "logs", undocumented_parsers.parse_log_line)

    def list_sampler_logs(
        self,
        model_id: str,
        deployment_id: str,
        *,
        start: datetime,
        end: datetime,
        direction: str = "desc",
        limit: int = 500,
        min_level: str | None = None,
    ) -> tuple[LogLine, ...]:
        """POST /v1/models/{model_id}/deployments/{deployment_id}/logs: IDs of the sampler."""
        sent = _build_window(start, end)
        sent |= omit_none({"direction": direction, "limit": limit, "min_level": min_level})
        route = "/v1/models/{}/deployments/{}/logs"
        body = self._transport.send("POST", route, model_id, deployment_id, body=sent)
        return decode_rows(body, "logs", undocumented_parsers.parse_log_line)

    def get_metrics(
        self, deployment_id: str, *, start: datetime, end: datetime, step_seconds: int | None = None
    ) -> Metrics:
        """POST /v1/loops/deployments/{deployment_id}/metrics; start and end are aware."""
        sent = omit_none(_build_window(start, end) | {"step_seconds": step_seconds})
        route = "/v1/loops/deployments/{}/metrics"
        body = self._transport.send("POST", route, deployment_id, body=sent)
        return decode_object(body, None, undocumented_parsers.parse_metrics)

    def list_debug_archive(
        self, deployment_id: str, page_size: int | None = None, page_token: str | None = None
    ) -> DebugArchivePage:
        """GET /v1/loops/deployments/{deployment_id}/debug_archive/files: presigned URLs.

        Do not store them. page_size: at most 1000.
        """
        query: dict[str, Any] = {"page_size": page_size, "page_token": page_token}
        route = "/v1/loops/deployments/{}/debug_archive/files"
        body = self._transport.get(route, deployment_id, **query)
        return decode_object(body, None, undocumented_parsers.parse_debug_archive_page)


def _build_window(start: datetime, end: datetime) -> dict[str, Any]:
    times = {"start_epoch_millis": start, "end_epoch_millis": end}
    return {name: (at - _EPOCH) // timedelta(milliseconds=1) for name, at in times.items()}
