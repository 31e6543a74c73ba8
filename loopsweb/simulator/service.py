"""From a request to the API's answer: the route, the key, the scope, the handler."""

from __future__ import annotations

from types import ModuleType
from typing import cast

from . import auth, serialize_current, serialize_documented
from .authorized_request import Call
from .exchange import Answer, Refusal, Request, dumps
from .lifecycle import Life
from .route import Route
from .serialization import Shapes
from .table import routes_of
from .world import World

SHAPES: dict[str, ModuleType] = {"documented": serialize_documented, "current": serialize_current}


class Service:
    """One generation of the API over a world."""

    def __init__(self, world: World, life: Life, generation: str) -> None:
        self.world = world
        self.life = life
        self.generation = generation
        self.shapes = cast("Shapes", SHAPES[generation])
        self.routes = routes_of(generation)

    def match(self, request: Request) -> tuple[Route | None, dict[str, str]]:
        """The route of this request, and the parts of its path."""
        for route in self.routes:
            found = route.pattern.fullmatch(request.path)
            if route.method == request.method and found is not None:
                return route, found.groupdict()
        return None, {}

    def carry_out(self, request: Request, route: Route | None, params: dict[str, str]) -> Answer:
        """What the API answers; a refusal in the generation's own words."""
        try:
            return self._handle(request, route, params)
        except Refusal as refusal:
            return self.refused(refusal)

    def _handle(self, request: Request, route: Route | None, params: dict[str, str]) -> Answer:
        key = auth.caller(request, self.world)
        if route is None:
            known = any(one.pattern.fullmatch(request.path) for one in self.routes)
            raise Refusal(405, "Method not allowed.") if known else Refusal(404, "Not found.")
        auth.require(key, route.scope)
        return route.handler(
            Call(self.world, self.life, self.shapes, self.generation, request, key, params)
        )

    def refused(self, refusal: Refusal) -> Answer:
        """The error body of a refusal."""
        body = self.shapes.problem(refusal.status, refusal.message, refusal.reason)
        return Answer(refusal.status, dumps(body))
