"""Where the files of a checkpoint go on a disk: relative paths, each its own, none outside."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from loopsweb.loops_api.types import CheckpointFile
from loopsweb.resources.checkpoints.files import compute_fingerprint

MAX_PART, MAX_PATH = 255, 1000  # bytes
DRIVE = re.compile(r"[A-Za-z]:")
NO_NAME = "it has no name"
OUTSIDE = "its name leads out of the folder"
UNWRITABLE = "its name cannot be written on every disk"
SAME_NAME = "another file has its name"
SAME_FILE = "the API lists another file that cannot be told from it"


@dataclass(frozen=True)
class PlacedFile:
    """index: its place in the API's list. path: relative, with "/"; "" for a file that cannot be
    placed, and then `why`."""

    file: CheckpointFile
    index: int
    fingerprint: str
    path: str = ""
    why: str = ""


def place_files(files: Sequence[CheckpointFile]) -> list[PlacedFile]:
    """Files of one name on several nodes get a folder for each node. Names that differ only in case
    or in Unicode form count as one, because some disks take them for one."""
    fingerprints = [compute_fingerprint(file) for file in files]
    twins = Counter(fingerprints)
    nodes = defaultdict[str, list[int | None]](list)
    for file in files:
        nodes[fold_path(file.relative_file_name or "")].append(file.node_rank)
    taken: set[str] = set()
    folders: set[str] = set()
    placed = []
    for index, (file, fingerprint) in enumerate(zip(files, fingerprints, strict=True)):
        name = file.relative_file_name or ""
        why = SAME_FILE if twins[fingerprint] > 1 else explain_name(name)
        ranks = nodes[fold_path(name)]
        if len(ranks) > 1 and None not in ranks and len(set(ranks)) == len(ranks):
            name = f"node_{file.node_rank}/{name}"
        path, above = fold_path(name), list_folders(fold_path(name))
        if not why and (path in taken or path in folders or not taken.isdisjoint(above)):
            why = SAME_NAME
        if why:
            placed.append(PlacedFile(file, index, fingerprint, why=why))
            continue
        taken.add(path)
        folders.update(above)
        placed.append(PlacedFile(file, index, fingerprint, path=name))
    return placed


def explain_name(name: str) -> str:
    """Why no file of this name is written; "" if it can be."""
    parts = name.split("/")
    if not name:
        return NO_NAME
    if ".." in parts or name.startswith(("/", "\\")) or DRIVE.match(name):
        return OUTSIDE
    is_bad = (
        any(unicodedata.category(one)[0] in "CZ" and one != " " for one in name)
        or "\\" in name
        or any(part in {"", "."} or part != part.strip() for part in parts)
    )
    # Counted once the name is known to be UTF-8: surrogates are of category C.
    if is_bad or len(name.encode()) > MAX_PATH or any(len(p.encode()) > MAX_PART for p in parts):
        return UNWRITABLE
    return ""


def fold_path(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def list_folders(path: str) -> list[str]:
    """a/b/c: a, a/b."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
