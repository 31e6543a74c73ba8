"""The caller, their organisation's keys, GPU preferences, and instance types with prices."""

from __future__ import annotations

from typing import Any

from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.catalogue import INSTANCE_TYPES
from loopsweb.simulator.current_serializer import serialize_instance_type
from loopsweb.simulator.field_validation import is_text_list, read_choice, refuse_unknown
from loopsweb.simulator.http_messages import ApiError, Response, respond_json
from loopsweb.simulator.identities import Key, User
from loopsweb.simulator.serialization import format_timestamp

KEY_TYPES = (
    "PERSONAL",
    "ROUTES",
    "WORKSPACE_MANAGE_ALL",
    "WORKSPACE_EXPORT_METRICS",
    "WORKSPACE_INVOKE",
    "WORKSPACE_MANAGE_API_KEYS",
)


def get_identity(request: AuthorizedRequest) -> Response:
    """GET /v1/users/me."""
    user = request.caller
    return respond_json(serialize_user(user) | {"workspace_name": user.organization})


def serialize_user(user: User) -> dict[str, Any]:
    return {"user_id": user.id, "email": user.email, "name": user.name}


def list_keys(request: AuthorizedRequest) -> Response:
    """GET /v1/api_keys: the organisation's workspace keys and the caller's personal ones."""
    wanted = read_choice(request.query, "type", KEY_TYPES)
    only_own = request.query.get("created_by_me", "").lower() in ("true", "1")

    def is_listed(key: Key) -> bool:
        shared = key.type != "PERSONAL" and key.user.organization == request.caller.organization
        return key.user is request.caller or (shared and not only_own)

    keys = [key for key in request.world.keys.values() if wanted in (None, key.type)]
    return respond_json({"keys": [serialize_key(key) for key in keys if is_listed(key)]})


def serialize_key(key: Key) -> dict[str, Any]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "type": key.type,
        "model_ids": None,
        "team_name": key.team_name,
        "created_at": format_timestamp(key.created_at),
        "last_used_at": None if key.last_used_at is None else format_timestamp(key.last_used_at),
        "owner": serialize_user(key.user) if key.type == "PERSONAL" else None,
    }


def list_instance_types(request: AuthorizedRequest) -> Response:
    """GET /v1/instance_types."""
    del request
    machines = [serialize_instance_type(one) for one in INSTANCE_TYPES.values()]
    return respond_json({"instance_types": machines})


def list_prices(request: AuthorizedRequest) -> Response:
    """GET /v1/instance_type_prices, in USD per minute."""
    del request
    prices = [
        {"instance_type": serialize_instance_type(one), "price": one.price}
        for one in INSTANCE_TYPES.values()
    ]
    return respond_json({"instance_types": prices})


def get_user_config(request: AuthorizedRequest) -> Response:
    """GET /v1/loops/user_config."""
    return respond_json({"user_config": get_accelerators(request)})


def change_user_config(request: AuthorizedRequest) -> Response:
    """PATCH /v1/loops/user_config: lists replace, null clears, absent fields stay."""
    config, changes = get_accelerators(request), request.parse_body()
    refuse_unknown(changes, config)
    for name, value in changes.items():
        if value is not None and not is_text_list(value):
            raise ApiError(400, f"{name} must be a list of GPU types, or null.")
        config[name] = value
    return respond_json({"user_config": config})


def get_accelerators(request: AuthorizedRequest) -> dict[str, list[str] | None]:
    """The caller's GPU preferences: trainer_ and sampler_accelerator_priority."""
    names = ("trainer_accelerator_priority", "sampler_accelerator_priority")
    return request.world.accelerators.setdefault(request.caller.id, dict.fromkeys(names))
