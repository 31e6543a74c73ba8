from __future__ import annotations

import fcntl
import http.client
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from loopsweb.serving import demo_history, demo_people, migrations, single_process
from loopsweb.serving.demo_environment import API_PORT, HOST
from loopsweb.serving.exits import exit_process
from loopsweb.serving.ports import check_demo_host, format_url, open_listener
from loopsweb.serving.simulator_clock import connect_clock
from loopsweb.serving.simulator_process import run_simulator


class Command(BaseCommand):
    help = "Run the dashboard with sample data on this machine, against a simulated API."
    requires_system_checks = ()  # they open the database, which is about to be deleted

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=HOST, help="a loopback address, IPv4 or IPv6")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--api-port", type=int, default=API_PORT)

    def handle(self, *, host: str, port: int, api_port: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Start the demo as `make demo` or `manage.py demo`.")
        check_demo_host(host)
        single_process.handle_stop_signals(signal.default_int_handler)
        try:
            self.run(host=host, port=port, api_port=api_port)
        except KeyboardInterrupt:
            self.stdout.write("")
        self.stdout.write("The demo has stopped.")
        exit_process()

    def run(self, *, host: str, port: int, api_port: int) -> None:
        listener = open_listener(host=host, port=port, instead=f"make demo PORT={port + 1}")
        instead = f"make demo API_PORT={api_port + 1}"
        open_listener(host=host, port=api_port, instead=instead).close()
        self.stdout.write("Starting the simulator …")
        with lock_data_dir(), run_simulator(host=host, port=api_port):
            self.stdout.write("Setting up the database …")
            self.check()
            migrations.migrate()
            self.stdout.write("Adding people, a workspace and its API key …")
            workspace = demo_people.create_people()
            clock = connect_clock(format_url(host=host, port=api_port))
            demo_people.add_key(workspace, now=clock.now)
            self.stdout.write("Catching up on three days …")
            demo_history.observe_past(workspace, clock=clock, present=timezone.now())
            url = format_url(host=host, port=port)
            single_process.run(listener=listener, on_start=lambda: self.announce(url))

    def announce(self, url: str) -> None:
        def announce_when_up() -> None:
            while not is_up(url):
                time.sleep(0.05)
            people = [demo_people.ADMIN, demo_people.OPERATOR, demo_people.VIEWER]
            self.stdout.write(
                f"\n  The demo is up: {url}\n"
                f"  Sign in as {', '.join(people)}\n"
                f"  with the password {demo_people.PASSWORD}. Ctrl-C stops it.\n"
            )

        threading.Thread(target=announce_when_up, daemon=True).start()


@contextmanager
def lock_data_dir() -> Iterator[None]:
    """Also deletes the old database: the simulator it was read from is gone."""
    with (settings.DATA_DIR / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CommandError(f"A demo is already running with {settings.DATA_DIR}.") from error
        for file in settings.DATA_DIR.glob("loopsweb.sqlite3*"):
            file.unlink()
        yield


def is_up(url: str) -> bool:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
