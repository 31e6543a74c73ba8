"""Users, keys, teams, prices and bills of the organisation. All routes are undocumented."""

from __future__ import annotations

from datetime import UTC, datetime

from loopsweb.loops_api import parsers, undocumented_parsers
from loopsweb.loops_api.decoding import decode_object, decode_rows
from loopsweb.loops_api.transport import Transport
from loopsweb.loops_api.types import InstanceType
from loopsweb.loops_api.undocumented_types import (
    ApiKeyInfo,
    Identity,
    Price,
    Team,
    UsageSummary,
)


class OrganisationRoutes:
    """One method per route."""

    _transport: Transport

    def get_identity(self) -> Identity:
        """GET /v1/users/me: the user of the key."""
        body = self._transport.get("/v1/users/me")
        return decode_object(body, None, undocumented_parsers.parse_identity)

    def list_api_keys(self) -> tuple[ApiKeyInfo, ...]:
        """GET /v1/api_keys: prefixes only, never a key."""
        body = self._transport.get("/v1/api_keys")
        return decode_rows(body, "keys", undocumented_parsers.parse_api_key_info)

    def list_teams(self) -> tuple[Team, ...]:
        """GET /v1/teams: those whose ID the create and list calls take."""
        body = self._transport.get("/v1/teams")
        return decode_rows(body, "teams", undocumented_parsers.parse_team)

    def list_prices(self) -> tuple[Price, ...]:
        """GET /v1/instance_type_prices"""
        body = self._transport.get("/v1/instance_type_prices")
        return decode_rows(body, "instance_types", undocumented_parsers.parse_price)

    def list_instance_types(self) -> tuple[InstanceType, ...]:
        """GET /v1/instance_types"""
        body = self._transport.get("/v1/instance_types")
        return decode_rows(body, "instance_types", parsers.parse_instance_type)

    def get_usage_summary(self, *, start: datetime, end: datetime) -> UsageSummary:
        """GET /v1/billing/usage_summary. start, end: aware, at most 31 days apart, from 2026 on."""
        days = {"start_date": _format_time(start), "end_date": _format_time(end)}
        body = self._transport.get("/v1/billing/usage_summary", is_list=True, **days)
        return decode_object(body, None, undocumented_parsers.parse_usage_summary)


def _format_time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
