"""An answer about another thing than the one asked about is no answer."""

from __future__ import annotations

import pytest

from loopsweb.loops_api import Client, errors
from tests.loops_api.served import Served


@pytest.mark.parametrize("noun", ["session", "run", "sampler", "deployment"])
@pytest.mark.parametrize(
    "answered",
    [{"id": "d2", "status": {"name": "STOPPED"}}, {"id": "D1"}, {"id": "d1 "}, {"id": "d/1"}],
)
def test_another_id(client: Client, served: Served, noun: str, answered: dict[str, object]) -> None:
    served.on(f"GET /v1/loops/{noun}s/d1", {noun: answered})
    with pytest.raises(errors.MalformedAnswer) as caught:
        getattr(client, f"get_{noun}")("d1")
    assert caught.value.message == "The answer is about another ID than the one asked about."


@pytest.mark.parametrize("named", ["id", "run_id", "trainer_id"])
def test_a_run_goes_by_older_names_of_its_id(client: Client, served: Served, named: str) -> None:
    served.on("GET /v1/loops/runs/r1", {"run": {named: "r1"}})
    assert client.get_run("r1").id == "r1"
