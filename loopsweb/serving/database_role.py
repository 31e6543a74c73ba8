"""The PostgreSQL role that runs the site: it owns nothing, so it cannot alter a table or drop the
triggers of the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from psycopg import sql

from loopsweb.audit.chain.append_only import TABLE
from loopsweb.audit.chain.format import PERSONAL

POWERLESS = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT"
ERASABLE = [column for name in PERSONAL for column in (name, f"{name}_salt")]
STATEMENTS = f"""
ALTER ROLE {{role}} WITH {POWERLESS} PASSWORD {{password}};
REVOKE ALL ON DATABASE {{database}} FROM PUBLIC, {{role}};
GRANT CONNECT ON DATABASE {{database}} TO {{role}};
REVOKE ALL ON SCHEMA public FROM PUBLIC, {{role}};
GRANT USAGE ON SCHEMA public TO {{role}};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, {{role}};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {{role}};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {{role}};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {{role}};
REVOKE UPDATE, DELETE ON {TABLE} FROM {{role}};
GRANT UPDATE ({", ".join(ERASABLE)}) ON {TABLE} TO {{role}};
"""  # noqa: S608  (all parts are constants)
OWNED = "SELECT count(*) FROM pg_shdepend WHERE refobjid = %s::regrole AND deptype = 'o'"
MEMBER_OF = "SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole"


def prepare_role(parts: Mapping[str, Any]) -> None:
    """Create or correct the role, and let it use every table that there is now.

    parts: of its DATABASE_URL. Raises CommandError if the role has more power than it may, or this
    one too little to change that.
    """
    role, database = parts["USER"], connection.settings_dict["NAME"]
    if parts["NAME"] != database:
        raise CommandError("LOOPSWEB_SITE_DATABASE_URL names another database than DATABASE_URL.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if cursor.fetchone() == (role,):
            raise CommandError("LOOPSWEB_SITE_DATABASE_URL names the role that migrates.")
        try:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            cursor.execute(
                sql.SQL(STATEMENTS).format(
                    role=sql.Identifier(role),
                    database=sql.Identifier(database),
                    password=sql.Literal(hash_password(role, parts["PASSWORD"])),
                )
            )
        except ProgrammingError as error:
            raise CommandError(
                f"The role {role} could not be prepared: {error}. Migrate as a role that owns the "
                "database and may create roles."
            ) from error
        for question in (OWNED, MEMBER_OF):
            cursor.execute(question, [role])
            if cursor.fetchone() != (0,):
                raise CommandError(
                    f"The role {role} owns something or belongs to another role, so it could "
                    "change the audit trail. Name a new role in LOOPSWEB_SITE_DATABASE_URL."
                )


def hash_password(role: str, password: str) -> str:
    """What PostgreSQL stores. The password itself would be in its log."""
    wire = connection.connection.pgconn
    return str(wire.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode())
