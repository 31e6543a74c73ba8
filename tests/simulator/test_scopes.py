"""Which key may do what, on every route of both generations."""

from __future__ import annotations

import re

import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.route import Route
from loopsweb.simulator.table import routes_of

from .reach import call, client

ROUTES = [
    (generation, route)
    for generation in ("documented", "current")
    for route in routes_of(generation)
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


def some(route: Route) -> str:
    """A path of this route that names nothing there is."""
    return re.sub(r"{\w+}", "nothing", str(route))


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_without_a_key_or_with_an_unknown_one_it_is_401(generation: str, route: Route) -> None:
    sim = Simulator(generation=generation, runs=0)
    assert call(sim, some(route), key=None).status_code == 401
    assert call(sim, some(route), key="nobody-knows").status_code == 401


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_a_key_with_the_narrow_scope_is_refused_where_the_wide_one_is_needed(
    generation: str, route: Route
) -> None:
    sim = Simulator(generation=generation, runs=0)
    refused = call(sim, some(route), key="demo-own-key").status_code == 403
    assert refused == (str(route) not in OPEN_TO_OWN_KEYS)


@pytest.mark.parametrize(("generation", "route"), ROUTES, ids=NAMES)
def test_a_key_without_scopes_learns_only_who_it_is(generation: str, route: Route) -> None:
    sim = Simulator(generation=generation, runs=0)
    sim.world.add_key("bare", sim.world.users[0], scopes=())
    response = call(sim, some(route), key="bare")
    assert (response.status_code == 200) == (route.scope is None)


def test_both_forms_of_the_header_are_understood(either: Simulator) -> None:
    for form in ("Api-Key demo-org-key", "Bearer demo-org-key", "api-key demo-org-key"):
        with client(either, None) as http:
            response = http.get("/v1/loops/runs", headers={"Authorization": form})
        assert response.status_code == 200
    for form in ("demo-org-key", "Basic demo-org-key", "Api-Key", "Api-Key ", ""):
        with client(either, None) as http:
            response = http.get("/v1/loops/runs", headers={"Authorization": form})
        assert response.status_code == 401


def test_a_revoked_key_is_unknown_and_an_added_one_is_known(either: Simulator) -> None:
    assert call(either, "GET /v1/loops/runs").status_code == 200
    either.world.revoke("demo-org-key")
    assert call(either, "GET /v1/loops/runs").status_code == 401
    either.world.add_key("Pfx12345.secret", either.world.users[0])
    assert call(either, "GET /v1/loops/runs", key="Pfx12345.secret").status_code == 200


def test_refusals_are_worded_as_their_generation_words_them(sim: Simulator, old: Simulator) -> None:
    assert call(sim, "GET /v1/loops/runs", key=None).json() == {
        "message": "Authentication credentials were not provided.",
        "details": {"reason": "NOT_AUTHENTICATED"},
    }
    assert call(old, "GET /v1/loops/runs", key="x").json() == {"error": "Invalid API key."}
    wide = "This API key lacks the manage_org_training_projects permission."
    assert call(old, "GET /v1/loops/deployments", key="demo-own-key").json() == {"detail": wide}
    assert call(sim, "GET /v1/loops/deployments", key="demo-own-key").json() == {
        "message": wide,
        "details": {"reason": "MISSING_PERMISSION"},
    }


def test_each_key_lists_what_its_person_owns(either: Simulator) -> None:
    name = "id" if either.service.generation == "current" else "run_id"
    listed = {
        key: [run[name] for run in call(either, "GET /v1/loops/runs", key=key).json()["runs"]]
        for key in ("demo-org-key", "demo-own-key", "demo-other-key")
    }
    assert listed == {
        key.secret: [run.id for run in either.world.runs.values() if run.owner is key.user]
        for key in either.world.keys.values()
    }
    assert [len(runs) for runs in listed.values()] == [8, 2, 2]


def test_the_whole_organisation_takes_the_wide_scope(sim: Simulator) -> None:
    for noun in ("runs", "samplers"):
        route = f"GET /v1/loops/{noun}?scope=org"
        assert call(sim, route, key="demo-own-key").status_code == 403
        assert call(sim, route, key="demo-other-key").json() == call(sim, route).json()
    assert call(sim, "GET /v1/loops/runs?scope=everything").status_code == 400


def test_a_colleagues_things_can_be_named_and_strangers_things_cannot(sim: Simulator) -> None:
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
        assert [call(sim, route).status_code for route in routes] == [status] * len(routes)
    listed = call(sim, "GET /v1/loops/runs?scope=org").json()["runs"]
    assert "eve@elsewhere.example" not in {run["user"]["email"] for run in listed}


def test_a_narrow_key_cannot_name_a_colleagues_run(sim: Simulator) -> None:
    run = sim.world.add_run(owner=sim.world.users[0])
    response = call(sim, f"GET /v1/loops/checkpoints?run_id={run.id}", key="demo-own-key")
    assert response.status_code == 404
