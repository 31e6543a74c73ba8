"""The environment, read once: where data lies, and the two secrets nothing starts without."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "LOOPSWEB_SECRET_KEYS": lambda: "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def flag(name: str) -> bool:
    return text(name).lower() in {"1", "true", "yes", "on"}


def number(name: str, default: float) -> float:
    return float(text(name) or default)


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def data_dir() -> Path:
    return Path(text("LOOPSWEB_DATA_DIR", str(BASE_DIR / "data")))


def make_data_dir() -> None:
    """Create the data directory before Django starts: its checks may open the database.

    Embedded, only this process's user can read the directory and what is made in it.
    """
    if is_embedded():
        os.umask(0o077)
    if is_embedded() or not text("DATABASE_URL"):
        data_dir().mkdir(parents=True, exist_ok=True)


def is_embedded() -> bool:
    """One process on one machine: without Redis, broker and cache live inside the process."""
    return not text("REDIS_URL")


def secret(name: str) -> str:
    """From the environment, or, embedded, from the file that the first start made; else empty."""
    file = data_dir() / name.lower()
    if (value := text(name)) or not is_embedded() or not file.exists():
        return value
    return file.read_text().strip()


def make_missing_secrets(*, say: Callable[[str], None]) -> None:
    """Embedded only: make the secrets that are absent, once, readable by their owner alone."""
    if not is_embedded():
        return
    for name, make in SECRETS.items():
        if secret(name):
            continue
        file = data_dir() / name.lower()
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(make())
        say(f"{name} is not set: made one and kept it in {file}. Back it up with the database.")
