from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

NO_LENGTH = ("1", "204", "304")


def silent_on_head(inner: WSGIApplication) -> WSGIApplication:
    """HEAD is answered with the headers of GET, Content-Length included, and nothing after them.

    Not every server sees to it: waitress sends whatever it is handed.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "HEAD":
            return inner(environ, start_response)
        status, headers = "", list[tuple[str, str]]()

        def begun(status_: str, headers_: list[tuple[str, str]], *_: Any) -> Any:
            nonlocal status, headers
            status, headers = status_, headers_

        body = inner(environ, begun)
        try:
            is_told = any(name.lower() == "content-length" for name, _ in headers)
            if not is_told and not status.startswith(NO_LENGTH):
                headers = [*headers, ("Content-Length", str(sum(map(len, body))))]
        finally:
            if close := getattr(body, "close", None):
                close()
        start_response(status, headers)
        return []

    return answer


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loopsweb.settings")
application = silent_on_head(get_wsgi_application())
