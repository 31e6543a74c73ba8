"""JSON for cached values in Redis: whoever can write there must not run code here."""

from __future__ import annotations

import json
from typing import Any

from django_redis.exceptions import ConnectionInterrupted
from django_redis.serializers.base import BaseSerializer
from redis.exceptions import DataError


class JSONSerializer(BaseSerializer):  # type: ignore[misc]
    """Stores plain JSON values only, so that they are the same with and without Redis."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, value: bytes) -> Any:
        """Anything but JSON is a miss, which the cache reports by this exception."""
        try:
            return json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ConnectionInterrupted(connection=None) from DataError(str(error))
