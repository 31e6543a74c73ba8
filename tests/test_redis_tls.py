"""A password for Redis is sent to the Redis whose certificate is right, and to no other."""

from __future__ import annotations

import runpy
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import kombu.exceptions
import pytest
import redis.exceptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import CacheHandler
from kombu import Connection

from tests.processes import ROOT


@contextmanager
def serve_tls(certificate: Path) -> Iterator[tuple[int, list[bytes]]]:
    """Yields the port and what clients sent after the handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    received = list[bytes]()

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError), plain, context.wrap_socket(plain, server_side=True) as client:
                received.append(client.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], received
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One file with a certificate of 127.0.0.1 and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "redis")])
    host = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    built = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(hours=1)
    ).add_extension(host, critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path / "redis.pem"
    public = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    file.write_bytes(private + public)
    return file


def use_broker(settings: dict[str, Any]) -> None:
    url, use_ssl = settings["CELERY_BROKER_URL"], settings["CELERY_BROKER_USE_SSL"]
    with Connection(url, ssl=use_ssl) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0)


def use_cache(settings: dict[str, Any]) -> None:
    cache: Any = CacheHandler(settings["CACHES"])["sessions"]
    cache.client.get_client().ping()


@pytest.mark.parametrize("use", [use_broker, use_cache])
@pytest.mark.parametrize("is_trusted", [True, False])
def test_the_certificate_decides_who_is_told_the_password(
    use: Any, is_trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_tls(certificate) as (port, received):
        trust = f"?ssl_ca_certs={certificate}" if is_trusted else ""
        monkeypatch.setenv("REDIS_URL", f"rediss://:password@127.0.0.1:{port}/0{trust}")
        settings = runpy.run_path(str(ROOT / "loopsweb" / "settings.py"))

        with pytest.raises((redis.exceptions.RedisError, kombu.exceptions.OperationalError)) as why:
            use(settings)

    told = [each for each in received if each]
    assert {b"password" in each for each in told} == ({True} if is_trusted else set())
    assert ("CERTIFICATE_VERIFY_FAILED" in str(why.value)) != is_trusted
