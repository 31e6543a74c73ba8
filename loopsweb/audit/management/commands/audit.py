"""`manage.py audit`: verify, export, sign, erase, public-key."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loopsweb.audit import erasure
from loopsweb.audit.chain import checkpoints, checks, delivery, trail
from loopsweb.audit.chain.verifier import Broken
from loopsweb.audit.verify import read_heads, signature_checker


def does_not_hold(workspace: str, broken: Broken) -> CommandError:
    return CommandError(f"{workspace}: the trail does not hold. {broken}")


class Command(BaseCommand):
    help = "Verify, export and sign the audit trail; erase a person from it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        verify = what.add_parser("verify", help="Follow the chain; exit 1 at the first bad link.")
        verify.add_argument("--workspace", help="One workspace; else all.")
        verify.add_argument("--head", type=Path, help="A file of heads that were handed out.")
        export = what.add_parser("export", help="JSONL with its proof, for offline verification.")
        export.add_argument("--workspace", required=True)
        export.add_argument("--output", type=Path, required=True, help="A file, or - for here.")
        sign = what.add_parser("sign", help="Sign the heads now and hand them out.")
        sign.add_argument("--workspace", help="One workspace; else all.")
        erase = what.add_parser("erase", help="Erase a person; the chain still holds.")
        erase.add_argument("--person", required=True, help="Their email.")
        erase.add_argument("--by", required=True, help="Who erases: an email, kept in the trail.")
        erase.add_argument("--reason", required=True)
        what.add_parser("public-key", help="Print the key that heads are signed with.")

    def handle(self, *, what: str, **options: Any) -> None:
        getattr(self, what.replace("-", "_"))(**options)

    def verify(self, *, workspace: str | None, head: Path | None, **_: Any) -> None:
        try:
            handed_out = read_heads(head) if head else []
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"{head} cannot be read: {error}") from error
        check = signature_checker(checkpoints.public_key())
        named = {one["workspace"] for one in handed_out}
        for slug in self.workspaces(workspace, also=named if workspace is None else set()):
            mine = [one for one in handed_out if one["workspace"] == slug]
            try:
                for one in mine:
                    check(one)
                verified = trail.verify(slug, handed_out=mine)
            except Broken as broken:
                raise does_not_hold(slug, broken) from broken
            erased = f"; {verified.erased} personal values were erased" if verified.erased else ""
            against = f", against {len(mine)} handed out" if head else ""
            self.stdout.write(f"{slug}: verified up to #{verified.sequence}{against}{erased}.")

    def export(self, *, workspace: str, output: Path, **_: Any) -> None:
        self.workspaces(workspace)
        try:
            lines = trail.export(workspace, now=timezone.now())
        except Broken as broken:
            raise does_not_hold(workspace, broken) from broken
        if str(output) == "-":
            self.stdout.writelines(line.decode() for line in lines)
            return
        with output.open("wb") as out:
            out.writelines(lines)
        self.stdout.write(f"{workspace}: written to {output}.")

    def sign(self, *, workspace: str | None, **_: Any) -> None:
        for slug in self.workspaces(workspace):
            try:
                kept = trail.keep_signed(slug, now=timezone.now())
            except Broken as broken:
                raise does_not_hold(slug, broken) from broken
            delivery.hand_out(kept)
            where = kept.handed_to or "nowhere: set LOOPSWEB_AUDIT_HEADS_FILE, _EMAIL or _WEBHOOK"
            self.stdout.write(f"{slug}: head #{kept.head['sequence']} signed, handed to {where}.")
            checks.check(slug, now=timezone.now())

    def erase(self, *, person: str, by: str, reason: str, **_: Any) -> None:
        try:
            count = erasure.erase(person, by=by, reason=reason, now=timezone.now())
        except erasure.NotAnEmail as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Erased {count} values.")

    def public_key(self, **_: Any) -> None:
        self.stdout.write(checkpoints.public_key())

    def workspaces(self, one: str | None, also: Iterable[str] = ()) -> list[str]:
        found = sorted({*trail.workspaces(), *also})
        if one and one not in found:
            raise CommandError(f"There is no trail of a workspace {one}.")
        return [one] if one else found
