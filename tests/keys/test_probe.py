from __future__ import annotations

from datetime import datetime

import pytest

from loopsweb.keys.probe import KeyFacts, probe_key
from loopsweb.loops_api import errors
from loopsweb.simulator import Simulator

URL = "https://api.baseten.co"
EVERYTHING = {
    "get_capabilities": True,
    "get_identity": True,
    "list_api_keys": True,
    "list_prices": True,
    "scope_org": True,
}


def test_a_key_with_both_scopes_on_a_newer_server(loops: Simulator, now: datetime) -> None:
    facts = probe_key(api_url=URL, secret="demo-org-key", now=now)

    owner = loops.world.keys["demo-org-key"].user
    assert facts == KeyFacts(
        checked_at=now,
        api_email=owner.email or "",
        api_name=owner.name or "",
        api_workspace_name=owner.organization,
        api_key_type="",
        can_list=True,
        can_manage=True,
        sees_organisation=True,
        generation="current",
        offers=EVERYTHING,
    )


def test_a_key_with_the_own_scope_only(loops: Simulator, now: datetime) -> None:
    facts = probe_key(api_url=URL, secret="demo-own-key", now=now)

    assert (facts.can_list, facts.can_manage, facts.sees_organisation) == (True, False, False)
    assert facts.offers == EVERYTHING


def test_the_kind_of_a_key_is_found_by_its_prefix(loops: Simulator, now: datetime) -> None:
    user = loops.world.keys["demo-org-key"].user
    loops.world.add_key("AbCdEfGh.the-secret-part-of-it", user, type="WORKSPACE_MANAGE_ALL")

    facts = probe_key(api_url=URL, secret="AbCdEfGh.the-secret-part-of-it", now=now)

    assert facts.api_key_type == "WORKSPACE_MANAGE_ALL"


def test_an_older_server_offers_no_newer_routes(documented: Simulator, now: datetime) -> None:
    facts = probe_key(api_url=URL, secret="demo-org-key", now=now)

    assert (facts.can_list, facts.can_manage, facts.sees_organisation) == (True, True, False)
    assert facts.api_email == ""
    untried = ["deactivate_run", "deactivate_sampler"]  # a lack that is taken from the others'
    assert facts.offers == dict.fromkeys([*EVERYTHING, *untried], False)


def test_a_key_unknown_to_the_api(loops: Simulator, now: datetime) -> None:
    with pytest.raises(errors.Unauthorized) as raised:
        probe_key(api_url=URL, secret="nobody-gave-this-out", now=now)

    assert raised.value.message == "Invalid API key."
    assert len(loops.requests) == 1


def test_an_unreachable_api_fails_the_probe(loops: Simulator, now: datetime) -> None:
    loops.add_fault("GET /v1/loops/runs", "status", count=None, status=503)

    with pytest.raises(errors.ServerError):
        probe_key(api_url=URL, secret="demo-org-key", now=now)

    assert len(loops.requests) == 1


def test_later_failures_leave_facts_unknown(loops: Simulator, now: datetime) -> None:
    loops.add_fault("GET /v1/loops/deployments", "status", status=500)
    loops.add_fault("GET /v1/instance_type_prices", "html")

    facts = probe_key(api_url=URL, secret="demo-org-key", now=now)

    assert (facts.can_list, facts.can_manage, facts.sees_organisation) == (True, None, False)
    assert facts.offers == {name: True for name in EVERYTHING if name != "list_prices"}


def test_probing_stops_once_the_api_stops_answering(loops: Simulator, now: datetime) -> None:
    loops.add_fault("GET /v1/loops/deployments", "reset")

    facts = probe_key(api_url=URL, secret="demo-org-key", now=now)

    assert (facts.can_list, facts.can_manage) == (True, None)
    assert facts.offers == {}
    assert len(loops.requests) == 2


def test_probing_a_key_only_reads(loops: Simulator, now: datetime) -> None:
    probe_key(api_url=URL, secret="demo-org-key", now=now)

    assert {request.method for request in loops.requests} == {"GET"}
    assert {request.headers["authorization"] for request in loops.requests} == {
        "Api-Key demo-org-key"
    }
