"""Matches a request to its route, checks key and scope, and calls the route's handler."""

from __future__ import annotations

from types import ModuleType
from typing import cast

from loopsweb.simulator import auth, current_serializer, documented_serializer
from loopsweb.simulator.authorized_request import AuthorizedRequest
from loopsweb.simulator.http_messages import ApiError, Request, Response, encode_json
from loopsweb.simulator.lifecycle import Lifecycle
from loopsweb.simulator.route_table import ROUTES, Route, list_routes
from loopsweb.simulator.serialization import Serializer
from loopsweb.simulator.world import World

SERIALIZERS: dict[str, ModuleType] = {
    "documented": documented_serializer,
    "current": current_serializer,
}


class Dispatcher:
    """One generation of the API over a world."""

    def __init__(self, world: World, lifecycle: Lifecycle, generation: str) -> None:
        self.world = world
        self.lifecycle = lifecycle
        self.generation = generation
        self.serializer = cast("Serializer", SERIALIZERS[generation])
        self.routes = list_routes(generation)
        self.other_routes = [one for one in ROUTES if one not in self.routes]

    def match_route(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        """The route of this request and the named parts of its path; (None, {}) without a match."""
        for route in self.routes:
            found = route.match(request)
            if found is not None:
                return route, found.groupdict()
        return None, {}

    def handle_request(
        self, request: Request, route: Route | None, params: dict[str, str]
    ) -> Response:
        """Call the route's handler. An ApiError becomes the generation's error body."""
        try:
            return self._call_handler(request, route, params)
        except ApiError as error:
            return self.build_error_response(error)

    def _call_handler(
        self, request: Request, route: Route | None, params: dict[str, str]
    ) -> Response:
        key = auth.authenticate(request, self.world)
        if route is None:
            is_newer = any(one.match(request) for one in self.other_routes)
            if not is_newer and any(one.pattern.fullmatch(request.path) for one in self.routes):
                raise ApiError(405, "Method not allowed.")
            raise ApiError(404, "Not found.")
        auth.require_scope(key, route.scope)
        authorized = AuthorizedRequest(
            self.world, self.lifecycle, self.serializer, self.generation, request, key, params
        )
        return route.handler(authorized)

    def build_error_response(self, error: ApiError) -> Response:
        """Build the error response, worded as the generation words it."""
        body = self.serializer.serialize_error(error.status, error.message, error.reason)
        return Response(error.status, encode_json(body))
