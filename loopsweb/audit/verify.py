"""Verify an export of an audit trail, or the proof of one record, offline:
`python -m loopsweb.audit.verify EXPORT.jsonl`.

Exit 0 when every link is valid, 1 with the first invalid link and its problem, 2 when the export
could not be checked. The standard library is enough; only `--public-key`, which also checks
signatures, needs the package `cryptography`. An export cannot show that the end of the chain was
cut off: `--head` compares it with signed heads that were delivered before.
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

from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.verifier import (
    UNREADABLE,
    BrokenChain,
    JsonObject,
    VerifiedChain,
    check_links,
    check_record,
    count_values,
    index_heads,
)

KIND = "loopsweb audit trail"
RECORD = "loopsweb record"  # the events of one incident, and the links that tie them to a head
HEAD_FIELDS = {"workspace": str, "sequence": int, "digest": str, "at": str, "signature": str}
CheckSignature = Callable[[JsonObject], None]


def check_export(
    content: bytes,
    *,
    heads: Iterable[JsonObject] = (),
    check_signature: CheckSignature | None = None,
) -> VerifiedChain:
    """Verify a whole file: first and last line, links, signed head. Raises BrokenChain."""
    lines = list(read_lines(content))
    first, *links, head, last = lines if len(lines) > 2 else [{}, {}, {}]  # noqa: PLR2004
    if first.get("kind") not in (KIND, RECORD) or last.get("kind") != "end":
        raise BrokenChain(0, "The first or last line of the export is missing (truncated).")
    before = content[: content.rindex(b"\n", 0, -1) + 1]
    try:
        if first["kind"] == RECORD:
            given = first["workspace"], first["incident"]
            verified = check_record(*given, links, heads=[head, *heads])
        else:
            verified = check_links(first["workspace"], links, heads=heads)
    except UNREADABLE as error:
        raise BrokenChain(0, f"A line of the export could not be read: {error!r}") from error
    if (head.get("sequence"), head.get("digest")) != (verified.sequence, verified.digest):
        problem = "truncated: the signed head of the export is another link"
        raise BrokenChain(verified.sequence + 1, problem)
    if head.get("workspace") != verified.workspace:
        raise BrokenChain(0, "The head of the export is of another workspace (forged head).")
    if check_signature:
        for one in (head, *heads):
            check_signature(one)
    if last.get("sha256") != hashlib.sha256(before).hexdigest():
        raise BrokenChain(0, "The file was changed: its checksum does not match.")
    return verified


def read_lines(content: bytes) -> Iterator[JsonObject]:
    """The parsed lines. Raises BrokenChain for a line that is not canonical JSON."""
    if not content.endswith(b"\n"):
        raise BrokenChain(0, "The last line is cut off (truncated).")
    for number, raw in enumerate(content[:-1].split(b"\n"), 1):
        try:
            line = json.loads(raw)
            is_canonical = isinstance(line, dict) and encode_canonical_json(line) == raw
        except (ValueError, RecursionError):
            is_canonical = False
        if not is_canonical:
            raise BrokenChain(0, f"Line {number} was changed: it is not canonical JSON.")
        yield line


def encode_signed_part(head: JsonObject) -> bytes:
    """The bytes that a head's signature covers."""
    signed = ("at", "digest", "sequence", "workspace")
    return encode_canonical_json({name: head[name] for name in signed})


def make_signature_checker(public_key: str) -> CheckSignature:
    """public_key: base64 of 32 bytes (Ed25519). The checker raises BrokenChain."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))

    def check(head: JsonObject) -> None:
        try:
            key.verify(base64.b64decode(head["signature"]), encode_signed_part(head))
        except (InvalidSignature, *UNREADABLE) as error:
            raise BrokenChain(0, "A head is not signed with this key (forged head).") from error

    return check


def read_heads(path: Path) -> list[JsonObject]:
    """The signed heads in a file, one JSON object per line. Raises OSError, ValueError."""
    heads = [json.loads(line) for line in path.read_text().split("\n") if line.strip()]
    if not all(is_head(head) for head in heads):
        raise ValueError(f"{path} contains a line that is not a signed head.")
    return heads


def is_head(head: Any) -> bool:
    return isinstance(head, dict) and all(
        isinstance(head.get(name), kind) for name, kind in HEAD_FIELDS.items()
    )


def describe_result(verified: VerifiedChain, *, heads: int | None) -> str:
    """The end of the sentence "Verified …". heads: how many were compared, None without a file."""
    plural = "" if heads == 1 else "s"
    against = "" if heads is None else f", checked against {heads} signed head{plural}"
    numbers = ", ".join(f"#{number}" for number in verified.events)
    record = f"record: {numbers}, linked " if numbers else ""
    erased = f"; {count_values(verified.erased)} erased" if verified.erased else ""
    return f"{record}up to #{verified.sequence}{against}{erased}."


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loopsweb.audit.verify", description=__doc__)
    parser.add_argument("export", type=Path)
    parser.add_argument("--head", type=Path, help="a file of signed heads")
    parser.add_argument("--public-key", type=Path, help="a file with the key that signs heads")
    options = parser.parse_args(arguments)
    try:
        key = options.public_key
        checker = make_signature_checker(key.read_text()) if key else None
        heads = read_heads(options.head) if options.head else []
        content = options.export.read_bytes()
        verified = check_export(content, heads=heads, check_signature=checker)
        known = index_heads(verified.workspace, heads)
        compared = sum(verified.first <= one <= verified.sequence for one in known)
    except BrokenChain as broken:
        sys.stderr.write(f"Verification failed. {broken}\n")
        return 1
    except (OSError, ValueError, RecursionError, ImportError) as error:
        sys.stderr.write(f"Could not verify: {error}\n")
        return 2
    if options.head and not compared:
        part = f" from #{verified.first} to #{verified.sequence}" if verified.events else ""
        described = f"of {verified.workspace!a}{part}"
        sys.stderr.write(f"{options.head} contains no signed head {described}.\n")
        return 2
    result = describe_result(verified, heads=compared if options.head else None)
    sys.stdout.write(f"Verified {verified.workspace} {result}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
