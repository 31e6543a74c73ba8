"""The simulator's own routes, open to anyone who can reach it: /_simulator/…"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from . import files
from .exchange import Answer, Refusal, Request, answer
from .faults import Fault
from .serialization import moment

if TYPE_CHECKING:
    from .simulator import Simulator

DETAILS = tuple(one.name for one in dataclasses.fields(Fault))


def side_door(simulator: Simulator, request: Request) -> Answer:
    """The file store, which is part of the pretence, or one of the controls, which are not."""
    with simulator.lock:
        if request.path.startswith(files.PREFIX):
            simulator.record(request)
            simulator.catch_up()
            return files.serve(simulator.world, request)
        try:
            return answer_to(simulator, request)
        except Refusal as refusal:
            return simulator.service.refused(refusal)


def answer_to(simulator: Simulator, request: Request) -> Answer:
    """Carry out one of the four."""
    match (request.method, request.path):
        case ("POST", "/_simulator/faults"):
            return set_fault(simulator, body_of(request))
        case ("POST", "/_simulator/reset"):
            simulator.reset()
        case ("POST", "/_simulator/advance"):
            seconds = body_of(request).get("seconds")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
                raise Refusal(400, "seconds must be a number that is not negative.")
            simulator.advance(seconds)
        case ("GET", "/_simulator/requests"):
            return answer({"requests": [recorded(one) for one in simulator.requests]})
        case _:
            raise Refusal(404, "Not found.")
    return answer({"now": moment(simulator.world.now)})


def body_of(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except json.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return body


def set_fault(simulator: Simulator, body: dict[str, Any]) -> Answer:
    """`route` and `mode`, and what the mode needs; unknown fields are refused."""
    numbers = [body.get(name, 0) for name in ("status", "retry_after", "seconds")]
    sound = all(isinstance(one, int | float) for one in numbers)
    if not sound or not {"route", "mode"} <= set(body) <= set(DETAILS):
        raise Refusal(
            400, f"A fault has route and mode, and of {', '.join(DETAILS)} what it needs."
        )
    try:
        simulator.fail(**body)
    except ValueError as error:
        raise Refusal(400, str(error)) from error
    return answer({"waiting": len(simulator.faults.waiting)})


def recorded(request: Request) -> dict[str, Any]:
    """A request as JSON, its Authorization header included."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": request.body.decode(errors="replace"),
    }
