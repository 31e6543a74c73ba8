"""Fills in what an answer left out from an earlier answer about the same object.

Null is an answer, except for a status. A value of the wrong JSON type counts as left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec

from loopsweb.loops_api import parsers, types

FIELDS = {"user": "owner_email", "checkpoint_id": "name"}  # others are named as in the JSON
STATUS_FIELDS = frozenset({"status", "sync_status"})
NESTED = ("sampler", "instance_type")
NOT_READ = "not read"
SPELLINGS: dict[type, tuple[frozenset[str], ...]] = {
    types.Run: (
        frozenset({"id", "run_id", "trainer_id"}),
        frozenset({"sampler", "sampling_server"}),
    ),
    types.Checkpoint: (frozenset({"run_id", "trainer_id"}),),
}
PARSERS: dict[type, Callable[[Any], Any]] = {
    types.Run: parsers.parse_run,
    types.Sampler: parsers.parse_sampler,
    types.Checkpoint: parsers.parse_checkpoint,
    types.Deployment: parsers.parse_deployment,
}


class Answer(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def raw(self) -> dict[str, Any]: ...


A = TypeVar("A", bound=Answer)


def fill_omissions(found: A, earlier: dict[str, Any]) -> tuple[A, list[str]]:
    """`found` with the omitted fields of `earlier`, an earlier answer's JSON, and their names as
    the API calls them, such as `status` or `instance_type.gpu_count`."""
    raw, omitted = merge_objects(found, found.raw, earlier)
    if not omitted:
        return found, []
    read = PARSERS[type(found)](raw | {"id": found.id})
    values = {name: value for name, value in vars_of(read).items() if value is not None}
    return msgspec.structs.replace(found, **values), omitted  # type: ignore[type-var]


def vars_of(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def merge_objects(
    found: Any, now: dict[str, Any], earlier: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """found: what was read from `now`."""
    merged, omitted = dict(now), list[str]()
    spellings = [names for names in SPELLINGS.get(type(found), ()) if names & now.keys()]
    respelled = frozenset[str]().union(*spellings) - now.keys()
    for name, known in earlier.items():
        if name in respelled:
            continue
        if is_omitted(found, name, now):
            merged[name] = known
            omitted.append(name)
        elif name in NESTED and is_same_object(known, now[name]):
            merged[name], inner = merge_objects(getattr(found, name), now[name], known)
            omitted += [f"{name}.{each}" for each in inner]
    return merged, omitted


def is_omitted(found: Any, name: str, now: dict[str, Any]) -> bool:
    if name not in now:
        return True
    field = FIELDS.get(name, name)
    value = getattr(found, field) if field in found.__struct_fields__ else NOT_READ
    if name in STATUS_FIELDS:
        return not value
    return value is None and now[name] is not None


def is_same_object(known: Any, now: Any) -> bool:
    return isinstance(known, dict) and isinstance(now, dict) and known.get("id") == now.get("id")
