"""Where an error of the API lands on the form."""

from __future__ import annotations

from typing import Any

from django.test import Client

from loopsweb.audit.models import Event
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.resources.pages.new_forms import list_sent, submit

REFUSED = "The Loops API refused the request: "
BY_FIELD = {"detail": [{"loc": ["body", "lora_rank"], "msg": "Too big.", "type": "x"}]}
EXTRA = {"detail": [{"loc": ["body", "scope"], "msg": "Extra inputs are not permitted"}]}
SEVERAL = {"detail": [*BY_FIELD["detail"], {"loc": ["body", "new_field"], "msg": "Missing."}]}


REFUSALS: list[tuple[int, dict[str, Any], dict[str, list[str]]]] = [
    (422, BY_FIELD, {"lora_rank": [f"{REFUSED}Too big."]}),
    (422, EXTRA, {"scope": ["Not offered by this server: Extra inputs are not permitted"]}),
    (
        422,
        SEVERAL,
        {"lora_rank": [f"{REFUSED}Too big."], "__all__": [f"{REFUSED}new_field: Missing."]},
    ),
    (
        422,
        {"message": "max_seq_len is too long for it."},
        {"max_seq_len": [f"{REFUSED}max_seq_len is too long for it."]},
    ),
    (
        422,
        {"message": "Extra fields are not permitted: name."},
        {"name": ["Not offered by this server: Extra fields are not permitted: name."]},
    ),
    (
        400,
        {"error": "The name of the base_model and lora_rank clash."},
        {"__all__": [f"{REFUSED}The name of the base_model and lora_rank clash."]},
    ),
    (
        404,
        {"error": "Session 'sess_1' was not found."},
        {"session_id": [f"{REFUSED}Session 'sess_1' was not found."]},
    ),
    (
        409,
        {"error": "Run 'nowhere' is ending."},
        {"__all__": [f"{REFUSED}Run 'nowhere' is ending."]},
    ),
    (
        422,
        {"message": "Nothing is free on this path."},
        {"__all__": [f"{REFUSED}Nothing is free on this path."]},
    ),
]


def test_a_refusal_lands_where_it_belongs_and_keeps_what_was_typed(
    creator: Client, world: Simulator, fields: dict[str, str]
) -> None:
    typed = fields | {"session_id": "sess_1", "lora_rank": "9000", "name": "my <run>"}
    for status, body, told in REFUSALS:
        world.add_fault("POST /v1/loops/runs", mode="status", status=status, body=body)
        answer = submit(creator, "runs", typed)
        form = answer.context["form"]
        assert (answer.status_code, form.errors) == (422, told)
        assert {name: form[name].value() for name in typed} == typed
        assert 'value="my &lt;run&gt;"' in answer.content.decode()


def test_fields_that_an_older_route_lacks_are_refused_and_recorded(
    creator: Client, world: Simulator, fields: dict[str, str]
) -> None:
    Key.objects.update(generation="legacy")
    answer = submit(creator, "runs", fields | {"name": "n"})
    assert answer.status_code == 422
    [said] = answer.context["form"].errors["__all__"]
    assert said == "This server's older API does not support name."
    outcomes = Event.objects.filter(action="run.create").order_by("pk").values_list("outcome")
    assert list(outcomes) == [("requested",), ("refused",)]
    assert list_sent(world) == []
