"""What interrupts a process in the middle of its work: it is killed, frozen or told to stop.

A simulated process is some frames of the one thread. It is killed by an exception that nothing
catches, and until its frames are gone each statement it tries to execute raises it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection

Place = Literal["statement", "call"]
CLEANING_UP = ("ROLLBACK", "RELEASE")


class Killed(BaseException):
    """process: whose frames end."""

    def __init__(self, process: Process) -> None:
        super().__init__(f"{process.name} was killed")
        self.process = process


@dataclass(eq=False)
class Process:
    """A worker, or a web server's process while it answers one request."""

    name: str
    is_dead: bool = False


@dataclass
class Disruption:
    """happens: called when the process that runs has reached a place of this kind so many times."""

    place: Place
    countdown: int
    happens: Callable[[Process], None]


class Disruptions:
    """At most one is planned. The innermost process is the one that runs."""

    def __init__(self) -> None:
        self.planned: Disruption | None = None
        self.processes: list[Process] = []

    @contextmanager
    def run_process(self, process: Process) -> Iterator[None]:
        """Nothing that the process executes has an effect once it is dead."""
        self.processes.append(process)
        try:
            yield
        except Killed as killed:
            if killed.process is not process or process in self.processes[:-1]:
                raise
        finally:
            self.processes.pop()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """What is executed meanwhile belongs to no process."""
        processes, self.processes = self.processes, []
        try:
            yield
        finally:
            self.processes = processes

    def reach(self, place: Place) -> None:
        """The process that runs is at such a place."""
        planned = self.planned
        if not self.processes or planned is None or planned.place != place:
            return
        planned.countdown -= 1
        if planned.countdown < 0:
            self.planned = None
            planned.happens(self.processes[-1])

    @contextmanager
    def watch_statements(self) -> Iterator[None]:
        def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
            if not sql.startswith(CLEANING_UP):
                if self.processes and self.processes[-1].is_dead:
                    raise Killed(self.processes[-1])
                if not connection.in_atomic_block or (
                    self.planned and self.planned.happens is kill
                ):
                    self.reach("statement")
            return run(sql, *rest)

        with connection.execute_wrapper(execute):
            yield


def kill(process: Process) -> None:
    process.is_dead = True
    raise Killed(process)
