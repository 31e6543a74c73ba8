"""What pages say when a poll has no answer."""

from __future__ import annotations

CONFIRMING = "The Loops API refused the key {key}. loopsweb asks again before it stops using it."
TRIED_AGAIN = "loopsweb tries it again from time to time."
NOT_OFFERED = "This server has only the API's oldest routes, which do not list {name}."
FORBIDDEN = "The Loops API does not let the key {key} list {name}. Add a key with that scope."
UNEXPECTED_END = "The poll stopped because of an error in loopsweb; the server log has details."
