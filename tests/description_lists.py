"""Parses the description lists of detail pages."""

from __future__ import annotations

from html.parser import HTMLParser

UNSEEN = {"script", "style", "svg"}


class FactParser(HTMLParser):
    """`found` is {term: description}. Of equal terms, the first is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._reading = self._term = ""
        self._text: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        if tag in {"dt", "dd"}:
            self._reading, self._text = tag, []

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        if tag != self._reading:
            return
        text = " ".join("".join(self._text).split())
        if tag == "dt":
            self._term = text
        else:
            self.found.setdefault(self._term, text)
        self._reading = ""

    def handle_data(self, data: str) -> None:
        if self._reading and not self._unseen:
            self._text.append(data)


def parse_facts(page: bytes) -> dict[str, str]:
    reader = FactParser()
    reader.feed(page.decode())
    return reader.found
