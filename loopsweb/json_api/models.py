from __future__ import annotations

from loopsweb.json_api.tokens.models import AccessToken

__all__ = ["AccessToken"]
