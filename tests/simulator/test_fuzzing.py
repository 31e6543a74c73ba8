"""Any request gets a response."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

from hypothesis import given, settings
from hypothesis import strategies as st

from loopsweb.simulator import Simulator, checkpoint_uris
from loopsweb.simulator.http_messages import Request
from loopsweb.simulator.route_table import list_routes

FIELDS = """session_id base_model path model_path run_id checkpoint_path max_seq_len lora_rank seed
name replicas ttl_seconds step_seconds start_epoch_millis end_epoch_millis page_size page_token
scope limit direction min_level trainer_id model reuse_from_run_id checkpoint_ids
reuse_from_session_id base_checkpoint num_replicas sampler_num_replicas availability_model
start_date end_date cursor use_case model_name instance_type_id hf_secret_name"""
NAMES = st.sampled_from(FIELDS.split())
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["r", "s", "d", "c", "Qwen/Qwen3-8B", "bt://loops:r/weights/step-100"]),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
BODIES = st.one_of(st.dictionaries(NAMES, VALUES, max_size=6), VALUES)
PARTS = st.one_of(st.sampled_from(["r", "s", "d", "c"]), st.text(min_size=1, max_size=9))
ROUTES = [(name, route) for name in ("documented", "current") for route in list_routes(name)]


@settings(max_examples=400)
@given(
    which=st.sampled_from(ROUTES),
    part=PARTS,
    body=BODIES,
    query=st.dictionaries(NAMES, st.text(max_size=20), max_size=4),
)
def test_every_request_gets_a_response(
    which: Any, part: str, body: Any, query: dict[str, str]
) -> None:
    generation, route = which
    sim = Simulator(generation=generation, runs=0)
    run = sim.world.add_run(id="r", session=sim.world.add_session(id="s"))
    sim.world.add_deployment(id="d", run=run)
    sim.world.add_checkpoint(run=run, id="c")
    request = Request(
        method=route.method,
        path=re.sub(r"{\w+}", lambda _: part.replace("/", "_"), route.path),
        query_string=urlencode(query, errors="replace"),
        headers={"authorization": "Api-Key demo-org-key"},
        body=json.dumps(body).encode(),
    )
    answer = sim.handle_request(request)
    assert answer.status in (200, 400, 404, 405, 409, 422)
    assert isinstance(json.loads(answer.body), dict)


WORDS = st.text(min_size=1, max_size=30)


@given(run_id=WORDS.filter(lambda word: "/" not in word), name=WORDS, old=st.booleans())
def test_a_uri_is_parsed_as_it_was_built(run_id: str, name: str, old: bool) -> None:
    scheme = "trainers" if old else "loops"
    for place, target in (("weights", "trainer"), ("sampler_weights", "sampler")):
        assert checkpoint_uris.parse_uri(f"bt://{scheme}:{run_id}/{place}/{name}") == (
            run_id,
            target,
            name,
        )


@given(st.text(max_size=40))
def test_other_text_is_not_a_uri(text: str) -> None:
    assert checkpoint_uris.parse_uri(text) is None
