"""The base model, sequence length and capacity that a run or sampler is created with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from loopsweb.simulator.catalogue import MODELS, BaseModel
from loopsweb.simulator.field_validation import read_choice, read_integer
from loopsweb.simulator.http_messages import ApiError

CAPACITY = ("dedicated", "spot")
SCOPES = ("default", "deployment", "serverless")


def find_supported_model(name: str) -> BaseModel:
    """The model. 400 if it is unknown, 422 if it is not enabled."""
    model = MODELS.get(name)
    if model is None:
        raise ApiError(400, f"base_model {name!r} is not supported.", "MODEL_NOT_SUPPORTED")
    if not model.enabled:
        raise ApiError(422, f"base_model {name!r} is not enabled here.", "MODEL_NOT_ENABLED")
    return model


def read_length(body: Mapping[str, Any], name: str, model: BaseModel, *, default: int) -> int:
    """A sequence length in tokens. 422 for one that is too long for the model."""
    length = read_integer(body, name, default=default, least=1)
    if length > model.longest:
        message = f"{name} is {length}, but {model.name} takes at most {model.longest} tokens here."
        raise ApiError(422, message, "SEQUENCE_LENGTH_UNSUPPORTED")
    return length


def is_serverless(body: Mapping[str, Any], model: BaseModel, dedicated: Iterable[str]) -> bool:
    """True if the body's scope is serverless. 422 if that cannot be had.

    dedicated: the fields that only dedicated capacity has.
    """
    if read_choice(body, "scope", SCOPES) != "serverless":
        return False
    if not model.serverless:
        raise ApiError(422, f"There is no serverless capacity for {model.name}.", "NOT_SERVERLESS")
    given = [name for name in dedicated if body.get(name) is not None]
    if given:
        raise ApiError(422, f"{', '.join(given)} cannot be combined with scope 'serverless'.")
    return True
