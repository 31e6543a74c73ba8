"""Keys and scopes on every route of both generations."""

from __future__ import annotations

import re

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.route_table import Route, list_routes
from tests.simulator.http_calls import build_client, send_request

ROUTES = [
    (generation, route)
    for generation in ("documented", "current")
    for route in list_routes(generation)
]
NAMES = [f"{generation} {route}" for generation, route in ROUTES]
OPEN_TO_OWN_KEYS = {
    "GET /v1/loops/runs",
    "GET /v1/loops/samplers",
    "GET /v1/loops/checkpoints",
    "POST /v1/trainers/search",
    "POST /v1/trainers/checkpoints/search",
    "GET /v1/trainer_sessions/{session_id}/trainers/{trainer_id}/checkpoints",
    "GET /v1/users/me",
    "GET /v1/api_keys",
    "GET /v1/instance_types",
    "GET /v1/instance_type_prices",
    "GET /v1/teams",
    "GET /v1/teams/{team_id}/loops/runs",
    "GET /v1/teams/{team_id}/loops/samplers",
}


def fill_path(route: Route) -> str:
    """A path of this route with unknown IDs."""
    return re.sub(r"{\w+}", "nothing", str(route))


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_a_missing_or_unknown_key_is_401(generation: str, route: Route) -> None:
    sim = Simulator(generation=generation, runs=0)
    assert send_request(sim, fill_path(route), key=None).status_code == 401
    assert send_request(sim, fill_path(route), key="nobody-knows").status_code == 401


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_the_own_scope_is_refused_where_the_org_scope_is_needed(
    generation: str, route: Route
) -> None:
    sim = Simulator(generation=generation, runs=0)
    refused = send_request(sim, fill_path(route), key="demo-own-key").status_code == 403
    assert refused == (str(route) not in OPEN_TO_OWN_KEYS)


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_a_key_without_scopes_reaches_unscoped_routes_only(generation: str, route: Route) -> None:
    sim = Simulator(generation=generation, runs=0)
    sim.world.add_key("bare", sim.world.users[0], scopes=())
    response = send_request(sim, fill_path(route), key="bare")
    assert (response.status_code == 200) == (route.scope is None)


def test_both_authorization_schemes_work(either: Simulator) -> None:
    for form in ("Api-Key demo-org-key", "Bearer demo-org-key", "api-key demo-org-key"):
        with build_client(either, None) as http:
            response = http.get("/v1/loops/runs", headers={"Authorization": form})
        assert response.status_code == 200
    for form in ("demo-org-key", "Basic demo-org-key", "Api-Key", "Api-Key ", ""):
        with build_client(either, None) as http:
            response = http.get("/v1/loops/runs", headers={"Authorization": form})
        assert response.status_code == 401


def test_keys_can_be_revoked_and_added(either: Simulator) -> None:
    assert send_request(either, "GET /v1/loops/runs").status_code == 200
    either.world.revoke_key("demo-org-key")
    assert send_request(either, "GET /v1/loops/runs").status_code == 401
    either.world.add_key("Pfx12345.secret", either.world.users[0])
    assert send_request(either, "GET /v1/loops/runs", key="Pfx12345.secret").status_code == 200


def test_each_generation_words_its_errors(sim: Simulator, old: Simulator) -> None:
    assert send_request(sim, "GET /v1/loops/runs", key=None).json() == {
        "message": "Authentication credentials were not provided.",
        "details": {"reason": "NOT_AUTHENTICATED"},
    }
    assert send_request(old, "GET /v1/loops/runs", key="x").json() == {"error": "Invalid API key."}
    wide = "This API key lacks the manage_org_training_projects permission."
    assert send_request(old, "GET /v1/loops/deployments", key="demo-own-key").json() == {
        "detail": wide
    }
    assert send_request(sim, "GET /v1/loops/deployments", key="demo-own-key").json() == {
        "message": wide,
        "details": {"reason": "MISSING_PERMISSION"},
    }


def test_a_key_lists_its_users_resources(either: Simulator) -> None:
    name = "id" if either.dispatcher.generation == "current" else "run_id"
    listed = {
        key: [
            run[name] for run in send_request(either, "GET /v1/loops/runs", key=key).json()["runs"]
        ]
        for key in ("demo-org-key", "demo-own-key", "demo-other-key")
    }
    assert listed == {
        key.secret: [run.id for run in either.world.runs.values() if run.owner is key.user]
        for key in either.world.keys.values()
    }
    assert [len(runs) for runs in listed.values()] == [8, 2, 2]


def test_scope_org_needs_the_org_scope(sim: Simulator) -> None:
    for noun in ("runs", "samplers"):
        route = f"GET /v1/loops/{noun}?scope=org"
        assert send_request(sim, route, key="demo-own-key").status_code == 403
        assert (
            send_request(sim, route, key="demo-other-key").json() == send_request(sim, route).json()
        )
    assert send_request(sim, "GET /v1/loops/runs?scope=everything").status_code == 400


def test_resources_are_visible_within_the_organisation_only(sim: Simulator) -> None:
    world = sim.world
    stranger = world.add_user("eve@elsewhere.example", organization="elsewhere")
    noor = world.users[2]
    for owner, status in ((noor, 200), (stranger, 404)):
        run = world.add_run(owner=owner)
        deployment = world.add_deployment(run=run)
        checkpoint = world.add_checkpoint(run=run)
        assert run.sampler is not None
        routes = (
            f"GET /v1/loops/sessions/{run.session_id}",
            f"GET /v1/loops/runs/{run.id}",
            f"GET /v1/loops/samplers/{run.sampler.id}",
            f"GET /v1/loops/deployments/{deployment.id}",
            f"GET /v1/loops/checkpoints?run_id={run.id}",
            f"GET /v1/loops/checkpoints/{checkpoint.id}/files",
            f"GET /v1/loops/deployments/{deployment.id}/logs",
            f"POST /v1/loops/deployments/{deployment.id}/deactivate",
        )
        assert [send_request(sim, route).status_code for route in routes] == [status] * len(routes)
    listed = send_request(sim, "GET /v1/loops/runs?scope=org").json()["runs"]
    assert "eve@elsewhere.example" not in {run["user"]["email"] for run in listed}


def test_the_own_scope_cannot_see_a_colleagues_run(sim: Simulator) -> None:
    run = sim.world.add_run(owner=sim.world.users[0])
    response = send_request(sim, f"GET /v1/loops/checkpoints?run_id={run.id}", key="demo-own-key")
    assert response.status_code == 404
