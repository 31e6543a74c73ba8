"""bt:// checkpoint URIs, as the server parses them."""

from __future__ import annotations

import re

_URI = re.compile(r"bt://(?:loops|trainers):([^/]+)/(weights|sampler_weights)/(.+)", re.DOTALL)
SEGMENTS = {"trainer": "weights", "sampler": "sampler_weights"}
_TARGETS = {segment: target for target, segment in SEGMENTS.items()}


def parse_uri(uri: str) -> tuple[str, str, str] | None:
    """(run id, target, checkpoint name) of a well-formed URI, else None."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    return match[1], _TARGETS[match[2]], match[3]
