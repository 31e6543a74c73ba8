"""Recovery codes that allauth derived from a seed are stored as slow hashes. They stay valid."""

from __future__ import annotations

import hmac
from hashlib import sha1
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import migrations

from loopsweb import cipher

COUNT, DIGITS, PURPOSE = 10, 8, "mfa"


def hash_codes(apps: Any, schema_editor: Any) -> None:
    authenticators = apps.get_model("mfa", "Authenticator").objects
    for row in authenticators.filter(type="recovery_codes", data__has_key="seed").iterator():
        try:
            seed = cipher.get_ring().decrypt(row.data["seed"], purpose=PURPOSE)
        except cipher.CipherError:
            codes = []  # they could not be used before either
        else:
            codes = derive_codes(seed)
        unused = [code for at, code in enumerate(codes) if not row.data["used_mask"] & (1 << at)]
        row.data = {"digests": [make_password(code) for code in unused]}
        row.save(update_fields=["data"])


def derive_codes(seed: str) -> list[str]:
    """As allauth 65 did."""
    chain, codes = hmac.new(seed.encode(), None, sha1), []
    for number in range(COUNT):
        chain.update(f"{number:3},".encode())
        value = int.from_bytes(chain.digest()[: DIGITS // 2], "big") % 10**DIGITS
        codes.append(str(value).zfill(DIGITS))
    return codes


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_visible_text"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [migrations.RunPython(hash_codes, migrations.RunPython.noop, elidable=True)]
