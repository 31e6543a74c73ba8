"""The simulator's own routes under /_simulator/. They need no API key."""

from __future__ import annotations

import dataclasses
from typing import Any

from loopsweb.simulator import checkpoint_files
from loopsweb.simulator.faults import Fault
from loopsweb.simulator.http_messages import ApiError, Request, Response, respond_json
from loopsweb.simulator.serialization import format_timestamp
from loopsweb.simulator.simulation import Simulation

FAULT_FIELDS = tuple(one.name for one in dataclasses.fields(Fault))


def handle_request(simulation: Simulation, request: Request) -> Response:
    """Serve a file of the simulated object store, or run one of the control commands."""
    with simulation.lock:
        if request.path.startswith(checkpoint_files.PREFIX):
            simulation.record_request(request)
            simulation.run_due_events()
            return checkpoint_files.serve_file(simulation.world, request)
        try:
            return run_command(simulation, request)
        except ApiError as error:
            return simulation.dispatcher.build_error_response(error)


def run_command(simulation: Simulation, request: Request) -> Response:
    """Run a command: faults, reset, advance, requests, status_changes."""
    match (request.method, request.path):
        case ("POST", "/_simulator/faults"):
            return add_fault(simulation, request.parse_body())
        case ("POST", "/_simulator/reset"):
            simulation.reset()
        case ("POST", "/_simulator/advance"):
            seconds = request.parse_body().get("seconds")
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
                raise ApiError(400, "seconds must be a number that is not negative.")
            simulation.advance(seconds)
        case ("GET", "/_simulator/status_changes"):
            return respond_json({"status_changes": simulation.status_log.entries})
        case ("GET", "/_simulator/requests"):
            recorded = [describe_request(one) for one in simulation.requests]
            return respond_json({"requests": recorded})
        case _:
            raise ApiError(404, "Not found.")
    return respond_json({"now": format_timestamp(simulation.world.now)})


def add_fault(simulation: Simulation, body: dict[str, Any]) -> Response:
    """Add a fault from its JSON. Unknown fields and a missing route or mode are 400."""
    numbers = [body.get(name, 0) for name in ("status", "retry_after", "seconds")]
    sound = all(isinstance(one, int | float) for one in numbers)
    if not sound or not {"route", "mode"} <= set(body) <= set(FAULT_FIELDS):
        raise ApiError(400, f"A fault needs route and mode. It may have {', '.join(FAULT_FIELDS)}.")
    try:
        simulation.add_fault(**body)
    except ValueError as error:
        raise ApiError(400, str(error)) from error
    return respond_json({"waiting": len(simulation.faults.pending)})


def describe_request(request: Request) -> dict[str, Any]:
    """A recorded request as JSON, its Authorization header included."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers),
        "body": request.body.decode(errors="replace"),
    }
