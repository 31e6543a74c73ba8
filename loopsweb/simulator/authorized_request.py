"""A request that has been let in: who asks, what they may see, what they sent."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from .entities import Deployment, Run, Sampler, Session
from .exchange import Refusal, Request
from .lifecycle import Life
from .people import ORG_SCOPE, Key, User
from .serialization import Shapes
from .world import World

Owned = TypeVar("Owned", Session, Run, Sampler, Deployment)


@dataclass(frozen=True)
class Call:
    """What a route's handler works with. `params` are the parts of its path."""

    world: World
    life: Life
    shapes: Shapes
    generation: str
    request: Request
    key: Key
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.world.now

    @property
    def caller(self) -> User:
        return self.key.user

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    def body(self) -> dict[str, Any]:
        """The JSON object sent; {} when nothing was. 400 for anything else."""
        try:
            body = self.request.json
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise Refusal(400, "The request body is not valid JSON.") from None
        if body is None and not self.request.body:
            return {}
        if not isinstance(body, dict):
            raise Refusal(400, "The request body must be a JSON object.")
        return body

    def mine(self, things: Iterable[Owned]) -> list[Owned]:
        """Those the caller owns."""
        return [thing for thing in things if thing.owner is self.caller]

    def visible(self, thing: Owned) -> bool:
        """Whether the caller may name it: their own, with the wide scope their organisation's."""
        if thing.owner is self.caller:
            return True
        wide = ORG_SCOPE in self.key.scopes
        return wide and thing.owner.organization == self.caller.organization

    def listed(self, things: Iterable[Owned]) -> list[Owned]:
        """What a list route answers: the caller's own, or with scope=org the organisation's."""
        scope = self.query.get("scope") if self.generation == "current" else None
        if scope in (None, "mine"):
            return self.mine(things)
        if scope != "org":
            raise Refusal(400, f"scope must be 'org' or 'mine', not {scope!r}.")
        if ORG_SCOPE not in self.key.scopes:
            raise Refusal(403, f"scope=org requires the {ORG_SCOPE} permission.")
        organization = self.caller.organization
        return [thing for thing in things if thing.owner.organization == organization]

    def find(self, things: Mapping[str, Owned], thing_id: str, noun: str) -> Owned:
        """The one with this id; 404 when there is none or it is not the caller's to see."""
        thing = things.get(thing_id)
        if thing is None or not self.visible(thing):
            raise Refusal(404, f"{noun} {thing_id!r} was not found.")
        return thing
