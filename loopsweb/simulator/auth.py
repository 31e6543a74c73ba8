"""Authentication and scopes: `Authorization: Api-Key <key>` or `Bearer <key>`."""

from __future__ import annotations

from loopsweb.simulator.http_messages import ApiError, Request
from loopsweb.simulator.identities import Key
from loopsweb.simulator.world import World


def authenticate(request: Request, world: World) -> Key:
    """The key sent. 401 when it is missing or unknown."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("api-key", "bearer") or not secret:
        raise ApiError(401, "Authentication credentials were not provided.", "NOT_AUTHENTICATED")
    key = world.keys.get(secret.strip())
    if key is None:
        raise ApiError(401, "Invalid API key.", "INVALID_API_KEY")
    key.last_used_at = world.now
    return key


def require_scope(key: Key, scope: str | None) -> None:
    """Raise 403 unless the key has the scope. None needs a valid key only."""
    if scope is not None and scope not in key.scopes:
        raise ApiError(403, f"This API key lacks the {scope} permission.", "MISSING_PERMISSION")
