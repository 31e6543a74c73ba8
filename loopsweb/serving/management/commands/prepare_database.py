from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from loopsweb.serving import migrations
from loopsweb.serving.database_role import prepare_role


class Command(BaseCommand):
    help = (
        "Migrate the database, then let the role of LOOPSWEB_SITE_DATABASE_URL run the site on it "
        "without owning it."
    )

    def handle(self, **options: Any) -> None:
        if not settings.SITE_DATABASE or connection.vendor != "postgresql":
            raise CommandError(
                "Set DATABASE_URL to the PostgreSQL role that migrates and "
                "LOOPSWEB_SITE_DATABASE_URL to the one that the site will use."
            )
        migrations.migrate()
        prepare_role(settings.SITE_DATABASE)
        self.stdout.write(
            f"The database is migrated, and {settings.SITE_DATABASE['USER']} may use it."
        )
