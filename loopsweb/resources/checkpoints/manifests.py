"""What download tools read: a list of a checkpoint's files with a link to each, or a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from django.utils.text import slugify

from loopsweb.resources.checkpoints.local_paths import PlacedFile
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.ui.timestamps import format_utc

ARIA2_OPTIONS = (
    "continue=true",
    "auto-file-renaming=false",
    "max-tries=50",
    "retry-wait=10",
)
HAVE = 'have() { if [ -f "$1" ]; then echo $(($(wc -c <"$1"))); else echo missing; fi; }'
CURL = r"""set -u
failed=0
get() {  # link, path, bytes or -
  if [ "$(have "$2")" = "$3" ]; then echo "$2: complete"; return; fi
  mkdir -p "$(dirname "$2")"
  tries=0
  until code=$(printf 'url = "%s"\n' "$1" | curl --config - --globoff --fail --location \
      --silent --show-error --continue-at - --write-out '%{num_redirects} %{http_code}' \
      --output "$2"); do
    tries=$((tries + 1))
    case $code in
      "0 403" | "0 410") tries=50; echo "$2: its link is not valid any more" >&2 ;;
    esac
    if [ "$tries" -ge 50 ]; then failed=1; return; fi
    sleep "${RETRY_SECONDS:-10}"
  done
  [ -e "$2" ] || : >"$2"
  if [ "$3" = - ] || [ "$(have "$2")" = "$3" ]; then echo "$2: complete"; return; fi
  echo "$2: $(have "$2") bytes, expected $3. Delete it and run this again." >&2
  failed=1
}"""
RCLONE = r"""set -u
to=${1:-.}
failed=0
have() { rclone lsf --files-only --format s -- "$to/$1" 2>/dev/null; }
get() {  # link, path, bytes or -
  if [ "$(have "$2")" = "$3" ]; then echo "$2: complete"; return; fi
  tries=0
  until rclone copyurl --retries 1 -- "$1" "$to/$2"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 10 ]; then failed=1; return; fi
    sleep "${RETRY_SECONDS:-10}"
  done
  if [ "$3" = - ] || [ "$(have "$2")" = "$3" ]; then echo "$2: complete"; return; fi
  echo "$2: $(have "$2") bytes, expected $3. Run this again." >&2
  failed=1
}"""
SIZES = r"""failed=0
check() {  # path, bytes or -
  has=$(have "$1")
  if [ "$has" = "$2" ]; then return; fi
  if [ "$2" = - ] && [ "$has" != missing ]; then return; fi
  echo "$1: $has, expected $2"
  failed=1
}"""


@dataclass(frozen=True)
class Manifest:
    """links: {index of a file: its link}. about: what it is of; person: as whom links open."""

    about: str
    address: str
    person: str
    expires_at: datetime
    files: Sequence[PlacedFile]
    links: dict[int, str]

    @property
    def written(self) -> list[PlacedFile]:
        return [one for one in self.files if one.path]

    @property
    def left_out(self) -> list[PlacedFile]:
        return [one for one in self.files if not one.path]

    @property
    def summary(self) -> str:
        sizes = [one.file.size_bytes for one in self.written]
        known = f"{sum(size or 0 for size in sizes):,} bytes"
        unknown = sum(size is None for size in sizes)
        more = f", and {unknown:,} of unknown size" if unknown else ""
        return f"{len(sizes):,} file{'' if len(sizes) == 1 else 's'}, {known}{more}"

    def describe(self, *lines: str) -> Iterator[str]:
        """Comments at the top. Texts from the API are written as JSON, so that none ends a line."""
        yield f"# {json.dumps(self.about)[1:-1]}: {self.summary}"
        yield f"# {self.address}"
        yield from (f"# {line}" for line in lines)
        for one in self.left_out:
            yield f"# Left out, because {one.why}: {json.dumps(one.file.relative_file_name)}"

    def describe_links(self) -> str:
        return (
            f"The links open these files as {self.person} until {format_utc(self.expires_at)}, "
            "for anyone who has them."
        )


def write_aria2(manifest: Manifest) -> Iterator[str]:
    yield from manifest.describe(
        "aria2c --input-file=THIS_FILE", "Start it again to go on.", manifest.describe_links()
    )
    for one in manifest.written:
        yield manifest.links[one.index]
        yield f"  out={one.path}"
        yield from (f"  {option}" for option in ARIA2_OPTIONS)


def write_curl(manifest: Manifest) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from manifest.describe(
        "It writes to the folder that it is run in. Run it again to go on.",
        manifest.describe_links(),
    )
    yield from (HAVE, CURL)
    for one in manifest.written:
        yield f"get {manifest.links[one.index]} {quote('./' + one.path)} {write_size(one)}"
    yield from end_script(manifest)


def write_rclone(manifest: Manifest) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from manifest.describe(
        "Give it a destination, such as remote:bucket/folder; without one it writes here.",
        "Run it again to go on: files that are complete are kept, others start anew.",
        manifest.describe_links(),
    )
    yield RCLONE
    for one in manifest.written:
        yield f"get {manifest.links[one.index]} {quote(one.path)} {write_size(one)}"
    yield from end_script(manifest)


def write_sizes(manifest: Manifest) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from manifest.describe("Run it in the folder that the files are in.")
    yield from (HAVE, SIZES)
    for one in manifest.written:
        yield f"check {quote('./' + one.path)} {write_size(one)}"
    count = len(manifest.written)
    yield f'[ "$failed" -ne 0 ] || echo "All {count:,} have the size that the API gives."'
    yield from end_script(manifest)


def write_size(one: PlacedFile) -> str:
    return "-" if one.file.size_bytes is None else str(one.file.size_bytes)


def end_script(manifest: Manifest) -> Iterator[str]:
    """A script fails if any file of the checkpoint is not in it."""
    if count := len(manifest.left_out):
        yield f'echo "Left out: {count:,}. The comments say which and why." >&2'
        yield "failed=1"
    yield 'exit "$failed"'


@dataclass(frozen=True)
class Tool:
    ending: str
    write: Callable[[Manifest], Iterator[str]]


def name_file(checkpoint: Checkpoint, tool: Tool) -> str:
    name = slugify(f"{checkpoint.name}-{checkpoint.target}")[:100].strip("-") or "checkpoint"
    return f"{name}.{tool.ending}"


TOOLS = {
    "aria2": Tool("aria2.txt", write_aria2),
    "curl": Tool("curl.sh", write_curl),
    "rclone": Tool("rclone.sh", write_rclone),
    "sizes": Tool("sizes.sh", write_sizes),
}
