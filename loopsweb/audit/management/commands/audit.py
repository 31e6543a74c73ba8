"""`manage.py audit`: verify, export, sign, erase, public-key."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from loopsweb.audit import erasure
from loopsweb.audit.chain import delivery, signed_heads, stored, verification
from loopsweb.audit.chain.export import export_chain
from loopsweb.audit.chain.verifier import BrokenChain
from loopsweb.audit.verify import describe_result, make_signature_checker, read_heads

NOT_DELIVERED = "not delivered: set LOOPSWEB_AUDIT_HEADS_FILE, _EMAIL or _WEBHOOK"


def verification_failed(workspace: str, broken: BrokenChain) -> CommandError:
    return CommandError(f"{workspace}: audit trail verification failed. {broken}")


class Command(BaseCommand):
    help = "Verify, export or sign audit trails, or erase a person from them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        verify = commands.add_parser("verify", help="Verify chains; exit 1 if a link is invalid.")
        verify.add_argument("--workspace", help="One workspace instead of all.")
        verify.add_argument("--head", type=Path, help="A file of signed heads to check against.")
        export = commands.add_parser("export", help="Write a chain with its proof as JSON lines.")
        export.add_argument("--workspace", required=True)
        export.add_argument("--output", type=Path, required=True, help="A file; - is stdout.")
        sign = commands.add_parser("sign", help="Sign and deliver the current heads.")
        sign.add_argument("--workspace", help="One workspace instead of all.")
        erase = commands.add_parser("erase", help="Erase a person; the chains stay valid.")
        erase.add_argument("--person", required=True, help="The email to erase.")
        erase.add_argument("--by", required=True, help="Your email, which the trail records.")
        erase.add_argument("--reason", required=True)
        commands.add_parser("public-key", help="Print the public key that verifies signed heads.")

    def handle(self, *, command: str, **options: Any) -> None:
        getattr(self, command.replace("-", "_"))(**options)

    def verify(self, *, workspace: str | None, head: Path | None, **_: Any) -> None:
        try:
            heads = read_heads(head) if head else []
        except (OSError, ValueError, RecursionError) as error:
            raise CommandError(f"Could not read {head}: {error}") from error
        check_signature = make_signature_checker(signed_heads.encode_public_key())
        named = {one["workspace"] for one in heads}
        for slug in self.workspaces(workspace, also=named if workspace is None else set()):
            own = [one for one in heads if one["workspace"] == slug]
            try:
                for one in own:
                    check_signature(one)
                verified = stored.verify_stored_chain(slug, heads=own)
            except BrokenChain as broken:
                raise verification_failed(slug, broken) from broken
            result = describe_result(verified, heads=len(own) if head else None)
            self.stdout.write(f"{slug}: verified {result}")

    def export(self, *, workspace: str, output: Path, **_: Any) -> None:
        self.workspaces(workspace)
        try:
            lines = export_chain(workspace, now=timezone.now())
        except BrokenChain as broken:
            raise verification_failed(workspace, broken) from broken
        if str(output) == "-":
            self.stdout.writelines(line.decode() for line in lines)
            return
        with output.open("wb") as out:
            out.writelines(lines)
        self.stdout.write(f"{workspace}: exported to {output}.")

    def sign(self, *, workspace: str | None, **_: Any) -> None:
        for slug in self.workspaces(workspace):
            try:
                signed = signed_heads.store_signed_head(slug, now=timezone.now())
            except BrokenChain as broken:
                raise verification_failed(slug, broken) from broken
            delivery.deliver_head(signed)
            result = f"delivered to: {signed.handed_to}" if signed.handed_to else NOT_DELIVERED
            self.stdout.write(f"{slug}: head #{signed.head['sequence']} signed, {result}.")
            verification.verify_and_store_result(slug, now=timezone.now())

    def erase(self, *, person: str, by: str, reason: str, **_: Any) -> None:
        try:
            count = erasure.erase_person(person, by=by, reason=reason, now=timezone.now())
        except erasure.NotAnEmail as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Erased {count} value{'' if count == 1 else 's'}.")

    def public_key(self, **_: Any) -> None:
        self.stdout.write(signed_heads.encode_public_key())

    def workspaces(self, name: str | None, also: Iterable[str] = ()) -> list[str]:
        """The named workspace, else all. Raises CommandError when it has no audit trail."""
        known = sorted({*stored.list_workspaces(), *also})
        if name and name not in known:
            raise CommandError(f"The workspace {name} has no audit trail.")
        return [name] if name else known
