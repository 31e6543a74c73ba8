from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest
from pytest_django import Settings

from loopsweb.accounts.models import User
from tests.accounts.auth import oidc_provider

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("Ada@Example.com", PASSWORD, name="Ada")


@pytest.fixture
def provider(settings: Settings) -> Iterator[oidc_provider.Provider]:
    with oidc_provider.run_provider() as provider:
        providers = deepcopy(settings.SOCIALACCOUNT_PROVIDERS)
        providers["openid_connect"]["APPS"] = [
            {
                "provider_id": "oidc",
                "name": "Acme ID",
                "client_id": oidc_provider.CLIENT,
                "secret": oidc_provider.SECRET,
                "settings": {"server_url": provider.issuer},
            }
        ]
        settings.SOCIALACCOUNT_PROVIDERS = providers
        settings.OIDC_ROLES = ["ml=acme:operator", "leads=acme:admin", "ghosts=nowhere:admin"]
        yield provider
