"""What is configured, reachable and late, without a secret: to read, and for a report of a bug."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import django
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from redis.exceptions import RedisError

from loopsweb import cipher
from loopsweb.loops_api.reachability import explain_unreachable
from loopsweb.monitoring.stored import PARTS, Condition, connect_redis, load_condition
from loopsweb.resources.snapshot.heartbeats import MISSED_TICKS
from loopsweb.resources.worker.database_clock import MAX_SKEW, DatabaseClock, describe_skew
from loopsweb.ui.templatetags.ui import span

POLL_GRACE = timedelta(seconds=30)  # a poll that is overdue by less is not late
TIMEOUT = 5.0


@dataclass(frozen=True)
class Finding:
    """is_good: None for what can be neither good nor bad."""

    group: str
    name: str
    text: str
    is_good: bool | None = None


def diagnose() -> Iterator[Finding]:
    """Each is found out when it is asked for. None takes longer than some seconds."""
    yield from describe_configuration()
    is_up = True
    for name, check in (("database", check_database), ("Redis", check_redis)):
        finding = check(name)
        is_up = is_up and (name != "database" or finding.is_good is True)
        yield finding
    for url in settings.LOOPSWEB_API_URLS:
        yield check_api(url)
    if not is_up:
        return
    migrations = check_migrations()
    yield migrations
    if migrations.is_good:
        clock = DatabaseClock()
        difference = abs(clock.ahead) > MAX_SKEW
        text = describe_skew(clock.ahead) if difference else "agrees with the database"
        yield Finding("Late", "clock", text, is_good=not difference)
        yield from check_condition(load_condition(now=clock()))


def describe_configuration() -> Iterator[Finding]:
    database = settings.DATABASES["default"]
    configured = {
        "versions": f"Python {platform.python_version()}, Django {django.get_version()}",
        "processes": "a web server and its worker" if settings.SINGLE_PROCESS else "several",
        "database": f"{connection.display_name} {database.get('HOST', '')}".strip(),
        "address": settings.LOOPSWEB_URL or "not set",
        "https": describe_flag(settings.HTTPS),
        "proxies": str(settings.PROXIES),
        "read-only": describe_flag(settings.LOOPSWEB_READ_ONLY),
        "API servers": ", ".join(settings.LOOPSWEB_API_URLS),
        "encryption keys": ", ".join(cipher.get_ring().ids),
        "audit signed": "with a configured key" if settings.LOOPSWEB_AUDIT_KEY else "with its own",
        "metrics elsewhere": "by token" if settings.LOOPSWEB_METRICS_TOKEN else "refused",
        "poll pace": f"every {settings.POLL_BUSY_SECONDS:g} to {settings.POLL_QUIET_SECONDS:g} s",
        "history kept": f"{settings.LOOPSWEB_RETENTION_DAYS:g} days"
        if settings.LOOPSWEB_RETENTION_DAYS
        else "for ever",
    }
    for name, text in configured.items():
        yield Finding("Configured", name, text)


def describe_flag(flag: bool) -> str:  # noqa: FBT001
    return "on" if flag else "off"


def check_database(name: str) -> Finding:
    return measure(name, connection.ensure_connection, Error)


def check_redis(name: str) -> Finding:
    if not settings.REDIS_URL:
        return Finding("Reachable", name, "not used")

    def ping() -> None:
        with connect_redis(seconds=TIMEOUT) as redis:
            redis.ping()

    return measure(name, ping, RedisError, OSError)


def measure(name: str, ask: Callable[[], object], *failures: type[Exception]) -> Finding:
    started = time.monotonic()
    try:
        ask()
    except failures as error:
        return Finding("Reachable", name, f"no: {type(error).__name__}", is_good=False)
    milliseconds = (time.monotonic() - started) * 1000
    return Finding("Reachable", name, f"yes, in {milliseconds:.0f} ms", is_good=True)


def check_api(url: str) -> Finding:
    """Asked without a key: any answer shows that it is there."""
    why = explain_unreachable(url, seconds=TIMEOUT)
    return Finding("Reachable", url, f"no: {why}" if why else "yes", is_good=not why)


def check_migrations() -> Finding:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    text = f"{len(waiting)} to run: python manage.py migrate" if waiting else "all run"
    return Finding("Late", "migrations", text, is_good=not waiting)


def check_condition(condition: Condition) -> Iterator[Finding]:
    longest = timedelta(seconds=MISSED_TICKS * settings.POLL_TICK_SECONDS)
    for part in PARTS:
        ago = condition.heartbeats[part]
        text = "has never run" if ago is None else f"alive {span(ago, ' ')} ago"
        yield Finding("Late", part, text, is_good=ago is not None and ago < longest)
    unhealthy = sum(condition.keys.values()) - condition.keys["healthy"]
    text = ", ".join(f"{number} {state}" for state, number in condition.keys.items() if number)
    yield Finding("Late", "API keys", text or "none", is_good=not unhealthy)
    lag = condition.poll_lag
    text = f"{span(lag, ' ')} late" if lag > POLL_GRACE else "in time"
    yield Finding("Late", "polls", text, is_good=lag <= POLL_GRACE)
    age = condition.snapshot_age
    text = "no good poll yet" if age is None else f"{span(age, ' ')} old"
    yield Finding("Late", "oldest snapshot", text)
    for name, found in (
        ("deactivations", condition.deactivations),
        ("removals", condition.removals),
    ):
        text = ", ".join(f"{number} {state}" for state, number in sorted(found.items()))
        yield Finding("Late", f"open {name}", text or "none")
