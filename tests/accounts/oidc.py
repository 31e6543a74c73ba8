"""A tiny OpenID Connect service on loopback: it lets in whoever `claims` says, without a word.

Its ID tokens say `auth_time` as well, where that is set.
"""

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
from urllib.parse import parse_qs

import jwt

CLIENT, SECRET = "loopsweb", "a-client-secret-of-32-characters"


@dataclass
class Service:
    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    challenge: str = ""
    issued_by: str = ""
    auth_time: Any = None

    def answer(self, path: str, sent: dict[str, str]) -> dict[str, Any] | None:
        here = self.issuer
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "userinfo_endpoint": f"{here}/userinfo",
                "jwks_uri": f"{here}/keys",
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
        who: dict[str, Any] = {"iss": self.issued_by or here, "aud": CLIENT}
        if self.auth_time is not None:
            who["auth_time"] = self.auth_time
        token = jwt.encode({**self.claims, **who, **times}, SECRET, algorithm="HS256")
        return {"access_token": "x", "token_type": "Bearer", "id_token": token}


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.say(service.answer(self.path, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self.say(service.answer(self.path, sent))

        def say(self, answer: dict[str, Any] | None) -> None:
            body = json.dumps(answer or {"error": "invalid_grant"}).encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.issuer = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield service
        finally:
            server.shutdown()
