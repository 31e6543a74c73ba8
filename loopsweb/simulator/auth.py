"""Who asks, and may they: `Authorization: Api-Key <key>` or `Bearer <key>`."""

from __future__ import annotations

from .exchange import Refusal, Request
from .people import Key
from .world import World


def caller(request: Request, world: World) -> Key:
    """The key sent. 401 when there is none or nobody knows it."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("api-key", "bearer") or not secret:
        raise Refusal(401, "Authentication credentials were not provided.", "NOT_AUTHENTICATED")
    key = world.keys.get(secret.strip())
    if key is None:
        raise Refusal(401, "Invalid API key.", "INVALID_API_KEY")
    return key


def require(key: Key, scope: str | None) -> None:
    """403 unless the key holds the scope; None asks for no more than a valid key."""
    if scope is not None and scope not in key.scopes:
        raise Refusal(403, f"This API key lacks the {scope} permission.", "MISSING_PERMISSION")
