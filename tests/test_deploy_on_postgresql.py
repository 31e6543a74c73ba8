from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEY = base64.b64encode(bytes(32)).decode()
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": "a-long-one-with-many-different-letters-0123456789-zyxwvutsrq",
    "LOOPSWEB_SECRET_KEYS": f"1:{KEY}",
    "LOOPSWEB_AUDIT_KEY": KEY,
    "DATABASE_URL": os.environ["DATABASE_URL"],  # Django 6.1 asks it for its version
    "REDIS_URL": "redis://redis:6379/0",
    "ALLOWED_HOSTS": "loops.example.com",
    "LOOPSWEB_HTTPS": "1",
}


def run_deploy_check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_deployment_check_passes(tmp_path: Path) -> None:
    done = run_deploy_check(PRODUCTION | {"LOOPSWEB_DATA_DIR": str(tmp_path)})

    assert (done.returncode, done.stderr) == (0, "")


def test_the_deployment_check_warns_without_https(tmp_path: Path) -> None:
    done = run_deploy_check(PRODUCTION | {"LOOPSWEB_DATA_DIR": str(tmp_path), "LOOPSWEB_HTTPS": ""})

    assert done.returncode == 1
    assert "SESSION_COOKIE_SECURE" in done.stderr
