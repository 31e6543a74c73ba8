"""Probes a key: its owner, its scopes and the routes its server offers. Only reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from loopsweb.keys.scopes import NEWER_ROUTES
from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.request_limits import Limits
from loopsweb.loops_api.undocumented_types import Identity

PROBE_LIMITS = Limits(read=5, read_list=8, deadline=8, deadline_list=10, attempts=1)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """Fields are named as in Key. None, or a route missing from `offers`, means unknown."""

    checked_at: datetime
    api_email: str
    api_name: str
    api_workspace_name: str
    api_key_type: str
    can_list: bool | None
    can_manage: bool | None
    sees_organisation: bool
    generation: str
    offers: dict[str, bool]


def probe_key(*, api_url: str, secret: str, now: datetime) -> KeyFacts:
    """Ask the API at `api_url` what `secret` can do.

    Raises Unauthorized if the API rejects the key, or another LoopsError if it cannot be reached.
    Failures after the first answer leave the fact unknown.
    """
    client = Client(base_url=api_url, key=secret, limits=PROBE_LIMITS)
    can_list = _can_list_runs(client)
    probe = Probe()
    probe.ask("list_deployments", client.list_deployments)
    identity = probe.ask("get_identity", client.get_identity) or Identity()
    probe.ask("get_capabilities", client.get_capabilities)
    probe.ask("list_prices", client.list_prices)
    known_keys = probe.ask("list_api_keys", client.list_api_keys) or ()
    prefix, dot, _ = secret.partition(".")
    kinds = [known.type for known in known_keys if dot and known.prefix == prefix]
    return KeyFacts(
        checked_at=now,
        api_email=identity.email or "",
        api_name=identity.name or "",
        api_workspace_name=identity.workspace_name or "",
        api_key_type=(kinds and kinds[0]) or "",
        can_list=can_list,
        can_manage=probe.allowed.get("list_deployments"),
        sees_organisation=_sees_organisation(client, probe),
        generation=client.generation,
        offers={name: yes for name, yes in probe.offers.items() if name in NEWER_ROUTES},
    )


def _can_list_runs(client: Client) -> bool:
    try:
        client.list_runs()
    except errors.Forbidden:
        return False
    return True


def _sees_organisation(client: Client, probe: Probe) -> bool:
    """Older servers ignore the `scope` parameter, so only newer ones are asked."""
    if probe.offers.get("get_capabilities") is not True:
        if "get_capabilities" in probe.offers:
            probe.offers |= dict.fromkeys(ORGANISATION_ROUTES, False)
        return False
    probe.ask("scope_org", lambda: client.list_runs(scope="org"))
    return bool(probe.allowed.get("scope_org") and probe.allowed.get("list_deployments"))


# Probing these would change something; a server without capabilities has none of them.
ORGANISATION_ROUTES = ("scope_org", "deactivate_run", "deactivate_sampler")


@dataclass(slots=True)
class Probe:
    """Calls routes in turn. Once the API stops answering, the rest stays unknown."""

    offers: dict[str, bool] = field(default_factory=dict)
    allowed: dict[str, bool] = field(default_factory=dict)
    is_silent: bool = False

    def ask(self, name: str, call: Callable[[], T]) -> T | None:
        if self.is_silent:
            return None
        try:
            answer = call()
        except (errors.NotFound, errors.BadRequest):
            self.offers[name] = False
        except errors.Forbidden:
            self.offers[name], self.allowed[name] = True, False
        except errors.Unauthorized:
            raise
        except (errors.ConnectionFailed, errors.TimedOut):
            self.is_silent = True
        except errors.LoopsError:
            pass
        else:
            self.offers[name] = self.allowed[name] = True
            return answer
        return None
