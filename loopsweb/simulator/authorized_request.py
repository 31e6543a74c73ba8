"""An authenticated request: its caller, its body, and the entities the caller may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from loopsweb.simulator.entities import Deployment, Run, Sampler, Session
from loopsweb.simulator.http_messages import ApiError, Request
from loopsweb.simulator.identities import ORG_SCOPE, Key, User
from loopsweb.simulator.lifecycle import Lifecycle
from loopsweb.simulator.serialization import Serializer
from loopsweb.simulator.world import World

Owned = TypeVar("Owned", Session, Run, Sampler, Deployment)


@dataclass(frozen=True)
class AuthorizedRequest:
    """The request that a route handler receives. `params` are the named parts of the path."""

    world: World
    lifecycle: Lifecycle
    serializer: Serializer
    generation: str
    http: Request
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
        return self.http.query

    def parse_body(self) -> dict[str, Any]:
        return self.http.parse_body()

    def filter_owned(self, entities: Iterable[Owned]) -> list[Owned]:
        """The entities that the caller owns."""
        return [entity for entity in entities if entity.owner is self.caller]

    def can_see(self, entity: Owned) -> bool:
        """True if it is the caller's, or with the organisation scope their organisation's."""
        if entity.owner is self.caller:
            return True
        has_scope = ORG_SCOPE in self.key.scopes
        return has_scope and entity.owner.organization == self.caller.organization

    def filter_listed(self, entities: Iterable[Owned]) -> list[Owned]:
        """Those to list: the caller's own, or with scope=org the organisation's."""
        scope = self.query.get("scope") if self.generation == "current" else None
        if scope in (None, "mine"):
            return self.filter_owned(entities)
        if scope != "org":
            raise ApiError(400, f"scope must be 'org' or 'mine', not {scope!r}.")
        if ORG_SCOPE not in self.key.scopes:
            raise ApiError(403, f"scope=org requires the {ORG_SCOPE} permission.")
        organization = self.caller.organization
        return [entity for entity in entities if entity.owner.organization == organization]

    def find_visible(self, entities: Mapping[str, Owned], entity_id: str, noun: str) -> Owned:
        """The entity with this ID. 404 when it does not exist or the caller may not see it."""
        entity = entities.get(entity_id)
        if entity is None or not self.can_see(entity):
            raise ApiError(404, f"{noun} {entity_id!r} was not found.")
        return entity
