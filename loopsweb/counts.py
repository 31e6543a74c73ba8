"""What each process counts for /metrics. Labels are names of ours: no id, person, address or key.

Several processes add up in files of one folder, which prometheus-client reads from
PROMETHEUS_MULTIPROC_DIR; settings.py sets it. Files of ended processes stay: their counts count.
"""

from __future__ import annotations

import os
import socket

from prometheus_client import Counter, Histogram, values

if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the same pid may be in use on two machines
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        lambda: f"{socket.gethostname()}-{os.getpid()}"
    )

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

api_requests = Histogram(
    "loopsweb_api_request_seconds",
    "Requests to the Loops API, with their answers: the status, or the kind of failure.",
    ["method", "route", "status"],
    buckets=SECONDS,
)
pages = Histogram(
    "loopsweb_page_seconds",
    "Answered requests of browsers and scripts.",
    ["method", "view", "status"],
    buckets=SECONDS,
)
audit_events = Counter("loopsweb_audit_events", "Events appended to audit trails and committed.")
