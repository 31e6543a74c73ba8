"""Verify an export of an audit trail, offline: `python -m loopsweb.audit.verify EXPORT.jsonl`.

Exit 0 when every link holds, 1 naming the first bad one and what is wrong with it. The chain
takes the standard library alone; `--public-key` also checks signatures, for which the package
`cryptography` is needed. A chain cannot show that its tail was cut off: `--head` compares it with
a head that was handed out before.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from loopsweb.audit.chain.format import canonical
from loopsweb.audit.chain.verifier import (
    UNREADABLE,
    Broken,
    Line,
    Verified,
    check_links,
    digests_of,
)

KIND = "loopsweb audit trail"
HEAD = {"workspace": str, "sequence": int, "digest": str, "at": str, "signature": str}
CheckSignature = Callable[[Line], None]


def check_export(
    content: bytes, *, heads: Iterable[Line] = (), check_signature: CheckSignature | None = None
) -> Verified:
    """The whole file: its frame, its links, the head at its end."""
    lines = list(read_lines(content))
    first, *links, head, last = lines if len(lines) > 2 else [{}, {}, {}]  # noqa: PLR2004
    if first.get("kind") != KIND or last.get("kind") != "end":
        raise Broken(0, "This is no whole export: its first or last line is missing (truncated).")
    before = content[: content.rindex(b"\n", 0, -1) + 1]
    try:
        verified = check_links(first["workspace"], links, heads=heads)
    except UNREADABLE as error:
        raise Broken(0, f"A line is not as an export has it: {error!r}") from error
    if (head.get("sequence"), head.get("digest")) != (verified.sequence, verified.digest):
        raise Broken(verified.sequence + 1, "truncated: the export's own head names another end")
    if head.get("workspace") != verified.workspace:
        raise Broken(0, "The head at its end is another workspace's (forged head).")
    if check_signature:
        for one in (head, *heads):
            check_signature(one)
    if last.get("sha256") != hashlib.sha256(before).hexdigest():
        raise Broken(0, "The file was changed: its own checksum does not fit.")
    return verified


def read_lines(content: bytes) -> Iterator[Line]:
    """The lines, each exactly as canonical JSON has it."""
    if not content.endswith(b"\n"):
        raise Broken(0, "The last line is cut off (truncated).")
    for number, raw in enumerate(content[:-1].split(b"\n"), 1):
        try:
            line = json.loads(raw)
            is_canonical = isinstance(line, dict) and canonical(line) == raw
        except (ValueError, RecursionError):
            is_canonical = False
        if not is_canonical:
            raise Broken(0, f"Line {number} of the file was changed: it is not canonical JSON.")
        yield line


def signed_part(head: Line) -> bytes:
    """What the signature of a head is over."""
    return canonical({name: head[name] for name in ("at", "digest", "sequence", "workspace")})


def signature_checker(public_key: str) -> CheckSignature:
    """public_key: base64 of 32 bytes (Ed25519)."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))

    def check(head: Line) -> None:
        try:
            key.verify(base64.b64decode(head["signature"]), signed_part(head))
        except (InvalidSignature, *UNREADABLE) as error:
            raise Broken(0, "A head is not signed with this key (forged head).") from error

    return check


def read_heads(path: Path) -> list[Line]:
    """The heads in a file, one JSON object a line, as they are handed out. Raises ValueError."""
    heads = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    if not all(is_head(head) for head in heads):
        raise ValueError(f"{path} holds a line that is no head.")
    return heads


def is_head(head: Any) -> bool:
    return isinstance(head, dict) and all(
        isinstance(head.get(name), kind) for name, kind in HEAD.items()
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loopsweb.audit.verify", description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--head", type=Path, help="a file of heads that were handed out")
    parser.add_argument("--public-key", type=Path, help="a file with the key heads are signed with")
    given = parser.parse_args(arguments)
    try:
        checker = signature_checker(given.public_key.read_text()) if given.public_key else None
        heads = read_heads(given.head) if given.head else []
        verified = check_export(given.export.read_bytes(), heads=heads, check_signature=checker)
        compared = len(digests_of(verified.workspace, heads))
    except Broken as broken:
        sys.stderr.write(f"The trail does not hold. {broken}\n")
        return 1
    except (OSError, ValueError, RecursionError, ImportError) as error:
        sys.stderr.write(f"Could not verify: {error}\n")
        return 2
    if given.head and not compared:
        sys.stderr.write(f"{given.head} holds no head of {verified.workspace!a}.\n")
        return 2
    erased = f"; {verified.erased} personal values were erased" if verified.erased else ""
    against = f", against {compared} handed out" if compared else ""
    sys.stdout.write(
        f"Verified {verified.workspace} up to #{verified.sequence}{against}{erased}.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
