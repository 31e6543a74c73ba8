from __future__ import annotations

import fcntl
import http.client
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from loopsweb.serving import demo_people, embedded, migrations
from loopsweb.serving.ports import CannotListen, address, listen
from loopsweb.serving.simulator_process import pretended_api

HOST = "127.0.0.1"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "A filled dashboard on this machine alone, with a pretended API behind it."
    requires_system_checks = ()  # they open the database, which is about to go

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--api-port", type=int, default=8900)

    def handle(self, *, port: int, api_port: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Start the demo as `make demo` or `manage.py demo`.")
        for ending in ENDINGS:
            signal.signal(ending, signal.default_int_handler)
        try:
            self.run(port=port, api_port=api_port)
        except KeyboardInterrupt:
            self.stdout.write("")
        self.stdout.write("The demo has stopped.")
        embedded.leave()

    def run(self, *, port: int, api_port: int) -> None:
        listener = hold(port, instead=f"make demo PORT={port + 1}")
        hold(api_port, instead=f"make demo API_PORT={api_port + 1}").close()
        self.stdout.write("Starting the pretended API …")
        with sole_use_of_the_data(), pretended_api(port=api_port):
            self.stdout.write("Setting up the database …")
            self.check()
            migrations.migrate()
            self.stdout.write("Adding people, a workspace and its API key …")
            demo_people.add_key(demo_people.settle())
            where = address(host=HOST, port=port)
            embedded.run(listener=listener, when_up=lambda: self.announce(where, port))

    def announce(self, where: str, port: int) -> None:
        def say_once_it_answers() -> None:
            while not answers(port):
                time.sleep(0.05)
            people = [demo_people.ADMIN, demo_people.OPERATOR, demo_people.VIEWER]
            self.stdout.write(
                f"\n  The demo is up: {where}\n"
                f"  Sign in as {', '.join(people)}\n"
                f"  with the password {demo_people.PASSWORD}. Ctrl-C stops it.\n"
            )
            self.stdout.flush()

        threading.Thread(target=say_once_it_answers, daemon=True).start()


def hold(port: int, *, instead: str) -> socket.socket:
    try:
        return listen(host=HOST, port=port)
    except CannotListen as error:
        raise CommandError(f"{error} Stop that one, or choose another: {instead}") from error


@contextmanager
def sole_use_of_the_data() -> Iterator[None]:
    """The pretended API forgets everything when it stops, so the demo starts afresh with it."""
    with (settings.DATA_DIR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(f"A demo is running already with {settings.DATA_DIR}.") from error
        for file in settings.DATA_DIR.glob("loopsweb.sqlite3*"):
            file.unlink()
        yield


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
