from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import pluralize

from loopsweb.monitoring.diagnosis import diagnose
from loopsweb.ui.redaction import redact

MARKS = {True: "ok     ", False: "problem", None: "       "}


class Command(BaseCommand):
    help = (
        "Print what is configured, reachable and late, without secrets: for you and for a report "
        "of a bug. Changes nothing. Fails if it finds a problem."
    )
    requires_system_checks: list[str] = []  # they need the database

    def handle(self, *args: Any, **options: Any) -> None:
        group, problems = "", 0
        for finding in diagnose():
            if finding.group != group:
                group = finding.group
                self.stdout.write(group)
            problems += finding.is_good is False
            line = f"  {MARKS[finding.is_good]} {finding.name}: {finding.text}"
            self.stdout.write(redact(line))
        if problems:
            raise CommandError(f"{problems} problem{pluralize(problems)} found. See above.")
