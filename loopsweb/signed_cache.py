"""A cache in Redis whose values are signed together with their names: what anybody else wrote, or
moved to another name, is a miss."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache.backends.base import BaseCache
from django.core.signing import BadSignature, Signer
from django_redis.cache import RedisCache

MISS = object()


class SignedCache(RedisCache):  # type: ignore[misc]
    incr, decr = BaseCache.incr, BaseCache.decr  # Redis itself could not add to a signed value

    def add(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super().add(key, self.sign(key, value), *args, **kwargs)

    def set(self, key: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super().set(key, self.sign(key, value), *args, **kwargs)

    def set_many(self, data: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        signed = {key: self.sign(key, value) for key, value in data.items()}
        return super().set_many(signed, *args, **kwargs)

    def get(self, key: str, default: Any = None, *args: Any, **kwargs: Any) -> Any:
        value = self.read(key, super().get(key, None, *args, **kwargs))
        return default if value is MISS else value

    def get_many(self, keys: Iterable[str], *args: Any, **kwargs: Any) -> dict[str, Any]:
        found = super().get_many(keys, *args, **kwargs)
        values = {key: self.read(key, signed) for key, signed in found.items()}
        return {key: value for key, value in values.items() if value is not MISS}

    def sign(self, key: str, value: Any) -> str:
        return self.find_signer(key).sign(json.dumps(value))

    def read(self, key: str, signed: Any) -> Any:
        if not isinstance(signed, str):
            return MISS
        try:
            return json.loads(self.find_signer(key).unsign(signed))
        except BadSignature:
            return MISS

    def find_signer(self, key: str) -> Signer:
        return Signer(salt=f"{__name__} {self.key_prefix} {key}")
