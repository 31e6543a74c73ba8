"""Reads environment variables, and creates the data directory and missing secrets."""

from __future__ import annotations

import base64
import math
import os
import re
import secrets
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_FACTORIES: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "LOOPSWEB_SECRET_KEYS": lambda: "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
}

FLAG_WORDS = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def read_text(name: str, default: str = "") -> str:
    """Read a variable or, if only NAME_FILE is set, the file it names. Raises ImproperlyConfigured.

    Secret managers mount secrets as files; a variable shows in the list of processes.
    """
    text, file = (os.environ.get(each, "").strip() for each in (name, f"{name}_FILE"))
    if text or not file:
        return text or default
    try:
        return Path(file).read_text().strip() or default
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(
            f"{name}_FILE is {file}, which cannot be read: {error}"
        ) from None


def read_flag(name: str, *, default: bool = False) -> bool:
    """Raises ImproperlyConfigured: a misspelt word must not switch a protection off."""
    word = read_text(name, "1" if default else "0").lower()
    if word not in FLAG_WORDS:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.")
    return FLAG_WORDS[word]


def read_number(name: str, default: float, *, at_least: float, at_most: float) -> float:
    """Raises ImproperlyConfigured."""
    try:
        number = float(read_text(name) or default)
    except ValueError:
        number = math.nan
    if not at_least <= number <= at_most:
        raise ImproperlyConfigured(f"{name} must be a number from {at_least:g} to {at_most:g}.")
    return number


def read_word(name: str, default: str, *, words: Collection[str]) -> str:
    """Read one of `words`, in capitals. Raises ImproperlyConfigured."""
    word = read_text(name, default).upper()
    if word not in words:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(words)}.")
    return word


def read_database(name: str) -> dict[str, Any]:
    """Django's settings of a database URL, {} if there is none. Raises ImproperlyConfigured, whose
    message does not repeat the URL: it has a password."""
    url = read_service_url(name)
    try:
        return {**dj_database_url.parse(url)} if url else {}
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is no URL of a database, as postgresql://user:password@host/database is. "
            "Escape reserved characters: / as %2F, @ as %40."
        ) from None


def read_redis(name: str) -> str:
    """A URL of Redis, "" if there is none. Raises ImproperlyConfigured, whose message does not
    repeat the URL: it has a password."""
    url = read_service_url(name)
    if not url:
        return ""
    from redis.connection import parse_url  # not in the memory of a site without Redis

    try:
        parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} is no URL of Redis, as redis://:password@host:6379/0 is. "
            "Escape reserved characters: / as %2F, @ as %40."
        ) from None
    return url


def read_cookie_prefix(name: str, default: str, *, secure: bool) -> str:
    """With `secure`, browsers accept the cookies from this host over https alone.

    Raises ImproperlyConfigured.
    """
    prefix = read_text(name, default)
    if not re.fullmatch(r"[\w.-]+", prefix, re.ASCII):
        raise ImproperlyConfigured(f"{name} may have letters, digits, _, - and . only.")
    return f"__Host-{prefix.removeprefix('__Host-')}" if secure else prefix


def read_list(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in read_text(name, default).split(",") if word.strip()]


def read_normalized(name: str, normalize: Callable[[str], str], default: str = "") -> list[str]:
    """Read a list without duplicates. Raises ImproperlyConfigured if `normalize` refuses a word."""
    words = []
    for number, word in enumerate(read_list(name, default), start=1):
        try:
            words.append(normalize(word))
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}, entry {number} {error}") from None
    return list(dict.fromkeys(words))


def read_service_url(name: str) -> str:
    """Read a URL whose reserved characters are escaped. Raises ImproperlyConfigured.

    A parser would cut it at a bare # and use what is left, and ignore options of SQLite.
    """
    url = read_text(name)
    if "#" in url or (url.startswith("sqlite") and "?" in url):
        raise ImproperlyConfigured(f"{name} has a # or ?. Write # as %23 and ? as %3F.")
    return url


def read_path(name: str) -> Path | None:
    """Return an absolute path, or None if not set. Raises ImproperlyConfigured.

    A relative path starts at the working directory, ~ is the home directory.
    """
    text = os.environ.get(name, "")
    try:
        return Path(text).expanduser().absolute() if text.strip() else None
    except RuntimeError:
        raise ImproperlyConfigured(
            f"{name} is {text}, and that home directory is not known. Set it to an absolute path."
        ) from None


def load_settings() -> None:
    """Ends the process with one sentence if they mean nothing. For what is started without
    manage.py."""
    from django.conf import settings

    try:
        settings.SECRET_KEY  # noqa: B018  (reads them all)
    except ImproperlyConfigured as error:
        sys.exit(f"loopsweb cannot start: {error}")


def get_data_dir() -> Path:
    return read_path("LOOPSWEB_DATA_DIR") or BASE_DIR / "data"


def create_data_dir() -> None:
    """Create the data directory before Django starts, since its checks may open the database.

    Without Redis, new files are readable by this process's user only.
    """
    if is_single_process():
        os.umask(0o077)
    if is_single_process() or not read_text("DATABASE_URL"):
        folder = get_data_dir()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImproperlyConfigured(
                f"{folder} cannot be the data directory: {error.strerror}. "
                "Set LOOPSWEB_DATA_DIR to a directory that can be written to."
            ) from None


def is_single_process() -> bool:
    """Without Redis: one web process with a cache in its memory, and a worker that it starts."""
    return not read_text("REDIS_URL")


def share_counts() -> None:
    """Let web server and embedded worker add up what they count for /metrics, from zero."""
    if not is_single_process() or os.environ.get("LOOPSWEB_METRICS_DIR"):
        return
    folder = get_data_dir() / "metrics"
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)
    os.environ["LOOPSWEB_METRICS_DIR"] = str(folder)


def read_secret(name: str) -> str:
    """Read from the environment or, in a single process, the data directory; "" if in neither."""
    file = get_data_dir() / name.lower()
    if (value := read_text(name)) or not is_single_process() or not file.exists():
        return value
    return file.read_text().strip()


def create_missing_secrets(*, report: Callable[[str], None]) -> None:
    """In a single process, create missing secrets in files that only their owner can read.

    report: called with a line for each.
    """
    if not is_single_process():
        return
    for name, create in SECRET_FACTORIES.items():
        if read_secret(name):
            continue
        file = get_data_dir() / name.lower()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(create())
        report(
            f"{name} is not set. Created one in {file}. Back it up, but apart from the database."
        )
