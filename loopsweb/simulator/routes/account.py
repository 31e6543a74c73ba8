"""Who a key belongs to, which keys there are, and what machines cost."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import Call
from loopsweb.simulator.catalogue import INSTANCE_TYPES
from loopsweb.simulator.exchange import Answer, Refusal, answer
from loopsweb.simulator.fields import choice
from loopsweb.simulator.people import Key
from loopsweb.simulator.serialization import moment
from loopsweb.simulator.serialize_current import instance_type

KEY_TYPES = (
    "PERSONAL",
    "ROUTES",
    "WORKSPACE_MANAGE_ALL",
    "WORKSPACE_EXPORT_METRICS",
    "WORKSPACE_INVOKE",
    "WORKSPACE_MANAGE_API_KEYS",
)


def identity(call: Call) -> Answer:
    """GET /v1/users/me."""
    person = call.caller
    return answer(
        {
            "user_id": person.id,
            "email": person.email,
            "name": person.name,
            "workspace_name": person.organization,
        }
    )


def list_keys(call: Call) -> Answer:
    """GET /v1/api_keys: the organisation's workspace keys and the caller's personal ones."""
    wanted = choice(call.query, "type", KEY_TYPES)
    only_mine = call.query.get("created_by_me", "").lower() in ("true", "1")
    keys = [
        key
        for key in call.world.keys.values()
        if key.user is call.caller
        or (
            not only_mine
            and key.type != "PERSONAL"
            and key.user.organization == call.caller.organization
        )
    ]
    return answer({"keys": [key_json(key) for key in keys if wanted in (None, key.type)]})


def key_json(key: Key) -> dict[str, Any]:
    owner = {"user_id": key.user.id, "email": key.user.email, "name": key.user.name}
    return {
        "prefix": key.prefix,
        "name": key.name,
        "type": key.type,
        "model_ids": None,
        "team_name": None,
        "created_at": moment(key.created_at),
        "last_used_at": None,
        "owner": owner if key.type == "PERSONAL" else None,
    }


def list_instance_types(call: Call) -> Answer:
    """GET /v1/instance_types."""
    del call
    return answer({"instance_types": [instance_type(one) for one in INSTANCE_TYPES.values()]})


def list_prices(call: Call) -> Answer:
    """GET /v1/instance_type_prices, in USD per minute."""
    del call
    prices = [
        {"instance_type": instance_type(one), "price": one.price} for one in INSTANCE_TYPES.values()
    ]
    return answer({"instance_types": prices})


def user_config(call: Call) -> Answer:
    """GET /v1/loops/user_config."""
    return answer({"user_config": accelerators_of(call)})


def change_user_config(call: Call) -> Answer:
    """PATCH /v1/loops/user_config: a list sets, null clears, absent leaves as it is."""
    config = accelerators_of(call)
    for name, value in call.body().items():
        if name not in config:
            continue
        if value is not None and (
            not isinstance(value, list)
            or not value
            or not all(isinstance(one, str) for one in value)
        ):
            raise Refusal(400, f"{name} must be a list of GPU types, or null.")
        config[name] = value
    return answer({"user_config": config})


def accelerators_of(call: Call) -> dict[str, list[str] | None]:
    """The caller's GPU preferences: trainer_ and sampler_accelerator_priority."""
    return call.world.accelerators.setdefault(
        call.caller.id,
        {"trainer_accelerator_priority": None, "sampler_accelerator_priority": None},
    )
