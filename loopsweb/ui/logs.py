"""Logging: structlog and the standard library share one formatter, which redacts secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.typing import Processor

from loopsweb.ui.redaction import redact

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
]
QUIET_LOGGERS = ("httpx", "httpcore")
TICK_LOGGERS = ("celery.beat", "celery.worker.strategy", "celery.app.trace")  # log every tick


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Redacts the finished line, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(config: dict[str, Any]) -> None:
    """Django calls this with LOGGING: `level` (a name) and `json` (bool)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(build_formatter(as_json=config["json"]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config["level"])
    for name in ("django", "django.server"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    tick_level = logging.NOTSET if config["level"] == "DEBUG" else logging.WARNING
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in TICK_LOGGERS:
        logging.getLogger(name).setLevel(tick_level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def build_formatter(*, as_json: bool) -> RedactingFormatter:
    render: Processor = structlog.processors.JSONRenderer()
    if not as_json:
        order = ["timestamp", "level", "logger", "event"]
        render = structlog.processors.LogfmtRenderer(key_order=order, bool_as_flag=False)
    return RedactingFormatter(
        foreign_pre_chain=SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
    )
