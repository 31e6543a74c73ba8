"""One page of a checkpoint's files, and which of them a download link means."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from loopsweb.loops_api.types import CheckpointFile, FilePage

ROWS = 100


def build_vendor_command(checkpoint_id: str) -> str:
    """For the vendor's command line, which lists the files with the API's own addresses."""
    quoted = shlex.quote(checkpoint_id)
    return f"baseten loops checkpoint files --checkpoint-id {quoted} --output jsonl"


class NotListed(LookupError):
    """The file is not on this page of the API's list any more."""


class NotDistinct(LookupError):
    """Several files on this page fit the link."""


@dataclass(frozen=True)
class ListedFile:
    """fingerprint: "" where the API lists another file that cannot be told from this one."""

    file: CheckpointFile
    fingerprint: str


@dataclass(frozen=True)
class FilesPage:
    """One page of files. token: its offset; previous and next are offsets or None."""

    page: FilePage
    token: int

    @property
    def previous(self) -> int | None:
        return max(0, self.token - ROWS) if self.token else None

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes or 0 for file in self.page.files)

    @property
    def is_whole(self) -> bool:
        return not self.token and self.page.next_page_token is None

    @cached_property
    def fingerprints(self) -> list[str]:
        return [compute_fingerprint(file) for file in self.page.files]

    def rows(self) -> Iterator[ListedFile]:
        counts = Counter(self.fingerprints)
        for file, fingerprint in zip(self.page.files, self.fingerprints, strict=True):
            yield ListedFile(file, fingerprint if counts[fingerprint] == 1 else "")

    def find(self, *, name: str, node: str, fingerprint: str) -> CheckpointFile:
        """The one file of this name, on the node and with the fingerprint if these are given.
        Raises NotListed or NotDistinct."""
        found = [
            file
            for file, own in zip(self.page.files, self.fingerprints, strict=True)
            if write_as_posted(file.relative_file_name) == write_as_posted(name)
            and node in {"", str(file.node_rank)}
            and fingerprint in {"", own}
        ]
        if not found:
            raise NotListed
        if len(found) > 1:
            raise NotDistinct
        return found[0]

    def locate(self, file: CheckpointFile) -> tuple[int, str]:
        """Its place in the whole list, and its fingerprint. file: one of this page."""
        place = next(n for n, one in enumerate(self.page.files) if one is file)
        return self.token + place, self.fingerprints[place]


def write_as_posted(name: str | None) -> str:
    """A name as it comes back from a form, where browsers write line breaks their own way."""
    return re.sub(r"\r\n?", "\n", (name or "").replace("\0", "\ufffd"))


def compute_fingerprint(file: CheckpointFile) -> str:
    """The same for as long as the file is. The address counts without its query, which is signed
    anew each time."""
    address = file.url.partition("?")[0]
    described = (file.relative_file_name, file.node_rank, file.size_bytes, file.last_modified)
    return hashlib.sha256(msgspec.json.encode((*described, address))).hexdigest()[:32]
