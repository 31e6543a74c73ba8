from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application

from loopsweb.environment import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

STATUSES_WITHOUT_LENGTH = ("1", "204", "304")


def strip_head_body(inner: WSGIApplication) -> WSGIApplication:
    """Answer HEAD with the headers of GET, Content-Length included, and no body.

    Needed because waitress sends any body it is given.
    """

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return inner(environ, start_response)
        status, headers = "", list[tuple[str, str]]()

        def start_inner(status_: str, headers_: list[tuple[str, str]], *_: Any) -> Any:
            nonlocal status, headers
            status, headers = status_, headers_

        body = inner(environ, start_inner)
        try:
            has_length = any(name.lower() == "content-length" for name, _ in headers)
            if not has_length and not status.startswith(STATUSES_WITHOUT_LENGTH):
                headers = [*headers, ("Content-Length", str(sum(map(len, body))))]
        finally:
            if close := getattr(body, "close", None):
                close()
        start_response(status, headers)
        return []

    return wrapped


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
load_settings()
application = strip_head_body(get_wsgi_application())
