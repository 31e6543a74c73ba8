"""The WSGI application: records each request, runs due events, dispatches and responds."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from loopsweb.simulator import control, wsgi
from loopsweb.simulator.faults import build_fault_response, damage_response
from loopsweb.simulator.http_messages import Request, Response
from loopsweb.simulator.simulation import Simulation


class Simulator(Simulation):
    """The simulated Loops API as a WSGI application."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self.handle_request(wsgi.read_request(environ))
        return wsgi.send_response(response, environ, start_response)

    def handle_request(self, request: Request) -> Response:
        """The response of the API, or for /_simulator/… of the file store or the controls."""
        if request.path.startswith("/_simulator/"):
            return control.handle_request(self, request)
        with self.lock:
            self.record_request(request)
            self.run_due_events()
            route, params = self.dispatcher.match_route(request)
            name = None if route is None else str(route)
            fault = self.faults.take_fault(request.method, request.path, name)
            failure = None if fault is None else build_fault_response(fault)
            response = failure or self.dispatcher.handle_request(request, route, params)
        if fault is None or failure is not None:
            return response
        return damage_response(fault, response, self.sleep)
