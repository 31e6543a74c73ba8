"""A minimal OpenID Connect provider on loopback, and signing in with it."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from django.test import Client

CLIENT, SECRET = "loopsweb", "a-client-secret-of-32-characters"
LOGIN = "/accounts/oidc/oidc/login/"
EVE = {"sub": "e1", "email": "Eve@example.com", "email_verified": True, "name": "Eve"}


@dataclass
class Provider:
    """Signs in the person in `claims` without asking. auth_time: in the ID token, unless None."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    challenge: str = ""
    issued_by: str = ""
    auth_time: Any = None

    def answer(self, path: str, sent: dict[str, str]) -> dict[str, Any] | None:
        issuer = self.issuer
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/userinfo":
            return self.claims
        verifier = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        is_right = (
            (sent.get("client_id"), sent.get("client_secret"), sent.get("code"))
            == (CLIENT, SECRET, "the-code")
        ) and base64.urlsafe_b64encode(verifier).decode().rstrip("=") == self.challenge
        if path != "/token" or not is_right:
            return None
        times = {"iat": int(time.time()), "exp": int(time.time()) + 60}
        identity: dict[str, Any] = {"iss": self.issued_by or issuer, "aud": CLIENT}
        if self.auth_time is not None:
            identity["auth_time"] = self.auth_time
        token = jwt.encode({**self.claims, **identity, **times}, SECRET, algorithm="HS256")
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def run_provider() -> Iterator[Provider]:
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.respond(provider.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self.respond(provider.answer(self.path, sent))

        def respond(self, answer: dict[str, Any] | None) -> None:
            body = json.dumps(answer or {"error": "invalid_grant"}).encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield provider
        finally:
            server.shutdown()


def ask_provider(browser: Client, at: str = LOGIN) -> dict[str, list[str]]:
    """The query of the address that the form at `at` leads to."""
    return parse_qs(urlsplit(browser.post(at).context["url"]).query)


def find_next(url: str) -> str:
    """Where a page of confirmation leads to."""
    return parse_qs(urlsplit(url).query)["next"][0]


def sign_in(
    provider: Provider, claims: dict[str, Any], browser: Client | None = None, at: str = LOGIN
) -> Any:
    """The response of the callback."""
    browser = browser or Client()
    query = ask_provider(browser, at)
    provider.claims, provider.challenge = claims, query["code_challenge"][0]
    sent = {"code": "the-code", "state": query["state"][0]}
    return browser.get(urlsplit(query["redirect_uri"][0]).path, sent)
