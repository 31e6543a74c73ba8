"""A request as text for a shell and for Python. The key stands in an environment variable."""

from __future__ import annotations

import json
import shlex
from pprint import pformat

from loopsweb.loops_api.request_preview import RequestPreview

VARIABLE = "BASETEN_API_KEY"


def render_curl(request: RequestPreview) -> str:
    """For any POSIX shell."""
    lines = [
        f"curl --silent --show-error --fail-with-body --request {request.method}",
        f'  --header "Authorization: Api-Key ${VARIABLE}"',
    ]
    if request.method != "GET":
        lines.append("  --header 'Content-Type: application/json'")
    if request.body is not None:
        lines.append(f"  --data {shlex.quote(json.dumps(request.body))}")
    lines.append(f"  {shlex.quote(request.url)}")
    return " \\\n".join(lines)


def render_python(request: RequestPreview) -> str:
    lines = [
        "import os",
        "",
        "import httpx",
        "",
        "answer = httpx.request(",
        f"    {request.method!r},",
        f"    {request.url!r},",
        f'    headers={{"Authorization": "Api-Key " + os.environ["{VARIABLE}"]}},',
    ]
    if request.body is not None:
        lines.append(f"    json={pformat(request.body, sort_dicts=False)},")
    return "\n".join([*lines, ")", "answer.raise_for_status()", "print(answer.text)"]) + "\n"
