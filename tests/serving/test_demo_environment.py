from __future__ import annotations

import pytest

from loopsweb.serving import demo_environment


def test_the_demo_drops_production_settings() -> None:
    environ = {
        "PATH": "/bin",
        "DATABASE_URL": "postgresql://real",
        "REDIS_URL": "redis://real",
        "LOOPSWEB_DATA_DIR": "/srv/real",
        "LOOPSWEB_SECRET_KEYS": "1:real",
        "LOOPSWEB_API_URLS": "https://api.baseten.co",
        "SECRET_KEY": "real",
        "EMAIL_HOST": "smtp.example.com",
        "LOOPSWEB_DEMO_DIR": "/tmp/demo",  # noqa: S108
    }
    demo_environment.set_demo_environment(
        environ, ["manage.py", "demo", "--port", "8001", "--api-port", "8901"]
    )
    assert {name: text for name, text in environ.items() if "real" in text} == {}
    assert environ["LOOPSWEB_API_URLS"] == "http://127.0.0.1:8901"
    assert environ["LOOPSWEB_DATA_DIR"] == "/tmp/demo"  # noqa: S108
    assert environ["LOOPSWEB_DEMO"] == "1"
    assert {"DATABASE_URL", "REDIS_URL", "EMAIL_HOST"} & environ.keys() == set()


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_the_demo_calls_its_api_by_ipv6(host: str) -> None:
    environ = {"PATH": "/bin"}
    arguments = ["manage.py", "demo", "--host", host, "--api-port", "8901"]
    demo_environment.set_demo_environment(environ, arguments)
    assert environ["LOOPSWEB_API_URLS"] == "http://[::1]:8901"
