"""People who leave a list open and now and then open a page, in a process of their own.

A tab asks for news every two seconds, as the script of the page does, and gets an empty answer
while nothing has changed.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time
from urllib.parse import urlsplit

import msgspec

from bench.load import LENGTH

NEWS_SECONDS = 2.0
NEWS_BETWEEN_PAGES = 15
VERSION = re.compile(rb"\r\nloopsweb-version: *([^\r]+)", re.IGNORECASE)


class Person(msgspec.Struct):
    """tab: the path of the list that is open."""

    cookie: str
    tab: str
    pages: list[str]


class People(msgspec.Struct):
    address: str
    seconds: float
    people: list[Person]


class Asked(msgspec.Struct):
    """Seconds of each answer; empty: how many had nothing new."""

    news: list[float] = []
    pages: list[float] = []
    empty: int = 0


class Tab:
    def __init__(self, person: Person, asked: Asked) -> None:
        self.person, self.asked, self.version = person, asked, ""

    async def stay_open(self, address: str, *, until: float) -> None:
        where = urlsplit(address)
        await asyncio.sleep(random.uniform(0, NEWS_SECONDS))  # noqa: S311 (spreads load)
        self.reader, self.writer = await asyncio.open_connection(where.hostname, where.port)
        self.host = where.netloc
        await self.open_page(self.person.tab)
        turn = random.randrange(NEWS_BETWEEN_PAGES)  # noqa: S311
        is_over = False
        while not is_over:
            turn += 1
            if turn % NEWS_BETWEEN_PAGES == 0:
                await self.open_page(random.choice(self.person.pages))  # noqa: S311
                await self.open_page(self.person.tab)
            start = time.monotonic()
            path = f"{self.person.tab}?v={self.version}"
            is_empty = await self.ask(path, self.asked.news, "HX-Request: true\r\nHX-Target: live")
            self.asked.empty += is_empty
            is_over = start + NEWS_SECONDS > until
            if not is_over:
                await asyncio.sleep(max(0.0, start + NEWS_SECONDS - time.monotonic()))
        self.writer.close()

    async def open_page(self, path: str) -> None:
        await self.ask(path, self.asked.pages, "Accept: text/html")

    async def ask(self, path: str, times: list[float], more: str) -> bool:
        """Whether the answer was empty. Raises SystemExit if it is neither 200 nor 204."""
        start = time.monotonic()
        lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}", f"Cookie: {self.person.cookie}"]
        self.writer.write("\r\n".join([*lines, more, "", ""]).encode())
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = head[9:12]
        if status not in {b"200", b"204"}:
            raise SystemExit(f"{path}: {head.decode()}")
        if length := LENGTH.search(head):
            await self.reader.readexactly(int(length[1]))
        if path.startswith(self.person.tab) and (version := VERSION.search(head)):
            self.version = version[1].decode()
        times.append(time.monotonic() - start)
        return status == b"204"


async def keep_open(given: People) -> Asked:
    asked, until = Asked(), time.monotonic() + given.seconds
    tabs = [Tab(person, asked).stay_open(given.address, until=until) for person in given.people]
    await asyncio.gather(*tabs)
    return asked


if __name__ == "__main__":
    people = msgspec.json.decode(sys.stdin.buffer.read(), type=People)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(keep_open(people))))
