"""A response about another ID than the requested one is malformed."""

from __future__ import annotations

import pytest

from loopsweb.loops_api import Client, errors
from tests.loops_api.scripted_server import ScriptedServer


@pytest.mark.parametrize("noun", ["session", "run", "sampler", "deployment"])
@pytest.mark.parametrize(
    "answered",
    [{"id": "d2", "status": {"name": "STOPPED"}}, {"id": "D1"}, {"id": "d1 "}, {"id": "d/1"}],
)
def test_a_response_with_another_id_is_malformed(
    client: Client, server: ScriptedServer, noun: str, answered: dict[str, object]
) -> None:
    server.set_responses(f"GET /v1/loops/{noun}s/d1", {noun: answered})
    with pytest.raises(errors.MalformedResponse) as caught:
        getattr(client, f"get_{noun}")("d1")
    assert caught.value.message == "The response is about another ID than the requested one."


@pytest.mark.parametrize("named", ["id", "run_id", "trainer_id"])
def test_a_run_id_may_have_its_older_names(
    client: Client, server: ScriptedServer, named: str
) -> None:
    server.set_responses("GET /v1/loops/runs/r1", {"run": {named: "r1"}})
    assert client.get_run("r1").id == "r1"
