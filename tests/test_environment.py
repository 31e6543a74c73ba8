from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from loopsweb import environment
from loopsweb.addresses import normalize_api_url, normalize_url
from tests.processes import ROOT

PRINT_SETTINGS = """
import json, sys
from django.conf import settings
from django.db import connection
connection.ensure_connection()
names = ["LOOPSWEB_API_URLS", "LOOPSWEB_PRIVATE_API_HOSTS", "LOOPSWEB_AUDIT_HEADS_FILE"]
names += ["ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"]
print(json.dumps([connection.settings_dict["NAME"], *(getattr(settings, name) for name in names)]))
"""


def read_settings(folder: Path, **environ: str) -> Any:
    """Open the database of an installation that is started in `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "SECRET_KEY", "LOOPSWEB_SECRET_KEYS")}
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "-c"]
    done = subprocess.run(
        [*command, PRINT_SETTINGS],
        cwd=folder,
        env={**kept, "HOME": str(folder / "home"), **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WILD_FOLDER = "a#b?c=d&e%23 %2F+f;g é"


@pytest.mark.parametrize(
    ("named", "folder"),
    [
        ("{here}/" + WILD_FOLDER, WILD_FOLDER),
        ("~/" + WILD_FOLDER, "home/" + WILD_FOLDER),
    ],
)
def test_the_database_is_in_the_named_folder_only(named: str, folder: str, tmp_path: Path) -> None:
    name, *_ = read_settings(tmp_path, LOOPSWEB_DATA_DIR=named.format(here=tmp_path))

    assert name == str(tmp_path / folder / "loopsweb.sqlite3")
    assert [str(file) for file in tmp_path.rglob("*.sqlite3")] == [name]


def test_paths_are_absolute_and_addresses_normalized(tmp_path: Path) -> None:
    read = read_settings(
        tmp_path,
        LOOPSWEB_DATA_DIR=WILD_FOLDER + "/",
        LOOPSWEB_API_URLS="HTTPS://API.Baseten.co:443/, https://api.baseten.co, http://Localhost:80",
        LOOPSWEB_PRIVATE_API_HOSTS="Loops.Internal., lööps.internal",
        LOOPSWEB_AUDIT_HEADS_FILE="~/heads",
        ALLOWED_HOSTS="Loops.Example.com., .example.org, 10.0.0.1",
        CSRF_TRUSTED_ORIGINS="HTTPS://Loops.Example.com:443/, https://*.example.org",
    )
    assert read == [
        str(tmp_path / WILD_FOLDER / "loopsweb.sqlite3"),
        ["https://api.baseten.co", "http://localhost"],
        ["loops.internal", "xn--lps-snaa.internal"],
        str(tmp_path / "home" / "heads"),
        ["loops.example.com", ".example.org", "10.0.0.1", "localhost", "127.0.0.1", "[::1]"],
        ["https://loops.example.com", "https://*.example.org"],
    ]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", None),
        (" ", None),
        ("/srv/data/", "/srv/data"),
        ("/srv/two  spaces ", "/srv/two  spaces "),
    ],
)
def test_paths(text: str, path: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATIC_ROOT", text)
    read = environment.read_path("STATIC_ROOT")
    assert (str(read) if read else None) == path


def test_a_secret_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FILE is .*, which cannot be read"):
        environment.read_secret("SECRET_KEY")

    file.write_text("from the manager\n")
    assert environment.read_secret("SECRET_KEY") == "from the manager"
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    assert environment.read_secret("SECRET_KEY") == "from the environment"


def test_an_unknown_home_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPSWEB_DATA_DIR", "~nobody-of-this-name/data")
    with pytest.raises(ImproperlyConfigured, match=r"^LOOPSWEB_DATA_DIR is ~nobody.*absolute path"):
        environment.get_data_dir()


def test_an_invalid_api_url_is_named_by_its_position(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPSWEB_API_URLS", "https://api.baseten.co, https://ann:secret@x")
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.read_normalized("LOOPSWEB_API_URLS", normalize_url)
    assert str(refused.value) == (
        "LOOPSWEB_API_URLS, entry 2 must start with http:// or https://, name a host and no user "
        "name."
    )


@pytest.mark.parametrize(
    "url",
    [
        *("http://api.example.com", "http://10.0.0.7:8080", "http://localhost.example.com"),
        "http://api.localhost",
        *("http://0.0.0.0", "http://[fe80::1]", "http://127.0.0.1.example.com"),
    ],
)
def test_http_elsewhere_than_on_this_machine_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPSWEB_API_URLS", f"https://api.baseten.co,{url}")
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "loopsweb" / "settings.py"))
    assert str(refused.value) == (
        "LOOPSWEB_API_URLS, entry 2 must start with https://: over http, API keys would be sent "
        "unencrypted."
    )


@pytest.mark.parametrize("url", ["http://localhost:8900", "http://127.8.9.1", "http://[::1]:80"])
def test_http_on_this_machine_is_taken(url: str) -> None:
    assert normalize_api_url(url) == url.removesuffix(":80")


@pytest.mark.parametrize(
    "url",
    ["sqlite:////srv/a#b/db", "sqlite:////srv/a?b/db", "postgresql://me:1#2@database/loopsweb"],
)
def test_a_database_url_that_would_be_cut_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="Write # as %23"):
        environment.read_service_url("DATABASE_URL")


NOT_A_NUMBER_OF_DAYS = "LOOPSWEB_RETENTION_DAYS must be a number from 0 to 36500."


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        *(
            ("LOOPSWEB_RETENTION_DAYS", text, NOT_A_NUMBER_OF_DAYS)
            for text in ("-5", "-0.1", "nan", "inf", "1e9", "400d", "1,5")
        ),
        ("LOOPSWEB_PROXIES", "-1", "LOOPSWEB_PROXIES must be a number from 0 to 20."),
        ("LOOPSWEB_POLL_TICK_SECONDS", "0", "LOOPSWEB_POLL_TICK_SECONDS must be a number from 0.1"),
        ("LOOPSWEB_SESSION_IDLE_HOURS", "0", "LOOPSWEB_SESSION_IDLE_HOURS must be a number from 0"),
        ("EMAIL_PORT", "smtp", "EMAIL_PORT must be a number from 1 to 65535."),
        ("LOOPSWEB_READ_ONLY", "ture", "LOOPSWEB_READ_ONLY must be 1 or 0."),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR."),
        ("DATABASE_URL", "here", "DATABASE_URL is no URL of a database, as postgresql://"),
        ("DATABASE_URL", "postgres://a:b/c@h/d", "DATABASE_URL is no URL of a database, as post"),
        *(
            ("REDIS_URL", url, "REDIS_URL is no URL of Redis, as redis://:password@host:6379/0 is.")
            for url in ("redis://:secret/more@127.0.0.1:1/0", "redis://:a[b@h:1/0", "h:6379")
        ),
        ("LOOPSWEB_HTTPS", "enabled", "LOOPSWEB_HTTPS must be 1 or 0."),
    ],
)
def test_a_setting_that_means_nothing_is_refused_by_name(
    name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(ROOT / "loopsweb" / "settings.py"))
    assert str(refused.value).startswith(message)


CELERY = ("-m", "celery", "-A", "loopsweb")
WEB = ("-m", "loopsweb.serving.web_server", "--workers", "2")


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "check"),
        (*CELERY, "worker"),
        (*CELERY, "beat"),
        WEB,
    ],
)
def test_what_cannot_start_says_why_in_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, *command],
        env={"PATH": os.environ["PATH"], "LOOPSWEB_DATA_DIR": str(tmp_path),
             "SECRET_KEY": "x", "LOOPSWEB_SECRET_KEYS": "x", "LOOPSWEB_HTTPS": "yess"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )  # fmt: skip
    said = (done.stdout + done.stderr).splitlines()
    assert (done.returncode, said) == (
        1, ["loopsweb cannot start: LOOPSWEB_HTTPS must be 1 or 0."],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "is_on"), [("", True), ("0", False), ("No", False), (" TRUE ", True), ("off", False)]
)
def test_flags(text: str, is_on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPSWEB_STAFF_MFA", text)
    assert environment.read_flag("LOOPSWEB_STAFF_MFA", default=True) == is_on


@pytest.mark.parametrize("folder", ["a file", "a file/below it", "a link to nowhere"])
def test_what_cannot_be_the_data_directory_is_refused(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "a link to nowhere").symlink_to(tmp_path / "nowhere")
    monkeypatch.setenv("LOOPSWEB_DATA_DIR", str(tmp_path / folder))
    with pytest.raises(ImproperlyConfigured) as refused:
        environment.create_data_dir()
    assert str(refused.value).startswith(f"{tmp_path / folder} cannot be the data directory: ")
