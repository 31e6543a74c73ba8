"""A browser without JavaScript: opens pages and submits forms over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import httpx


class FormParser(HTMLParser):
    """`found` has the action and the fields, {name: value}, of each form."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif not self.found:
            return
        elif tag in {"input", "textarea"} and "name" in given:
            if given.get("type") in {"checkbox", "radio"} and "checked" not in given:
                return
            self.found[-1][1][given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            fields = self.found[-1][1]
            if "selected" in given or self._select not in fields:
                fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


class Visitor:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.http.get(path, **options)

    def submit(self, path: str, **values: str) -> httpx.Response:
        """Open the page and submit the form that has these fields. Follows redirects."""
        page = self.get(path)
        page.raise_for_status()
        for action, fields in FormParser(page.text).found:
            if values.keys() <= fields.keys() | {"shared"}:
                url = page.url.join(action) if action else page.url
                headers = {"Referer": str(page.url)}
                return self.http.post(url, data=fields | values, headers=headers)
        raise AssertionError(f"{path} has no form with {sorted(values)}")


@contextmanager
def open_visitor(address: str, *, email: str = "", password: str = "") -> Iterator[Visitor]:
    with httpx.Client(base_url=address, follow_redirects=True, timeout=20) as http:
        visitor = Visitor(http)
        if email:
            answer = visitor.submit("/accounts/login/", login=email, password=password)
            assert "/accounts/login/" not in str(answer.url), answer.text
        yield visitor
