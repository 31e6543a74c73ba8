"""What runs, samplers and models were started from, as the API reports it or as it was requested
here: most servers do not say it later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models
from django.db.models import QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.prepared_queries import Parameter, PreparedQuery, among
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.resources.snapshot.stored_rows import BATCH_SIZE, split_into_batches

REPORTED, REQUESTED = "reported", "requested"
NOUNS = ("run", "sampler")  # whose rows may quote what they were started from


class Start(models.Model):
    """A run, sampler or model, and the checkpoint that it was started from. source: who says so."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=10)
    remote_id = models.CharField(max_length=255)
    from_run_id = models.CharField(max_length=255)
    target = models.CharField(max_length=10)
    name = models.TextField()
    source = models.CharField(max_length=10, default=REQUESTED)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "from_run_id"], name="start_from_run"),
            models.Index(fields=["workspace", "noun", "remote_id"], name="start_of"),
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id} from {self.uri}"

    @property
    def uri(self) -> CheckpointURI:
        return CheckpointURI(self.from_run_id, self.target, self.name)


def build_start(
    workspace_id: int, noun: str, remote_id: str, uri: CheckpointURI, *, source: str
) -> Start:
    return Start(
        workspace_id=workspace_id,
        noun=noun,
        remote_id=remote_id[:255],
        from_run_id=uri.run_id[:255],
        target=uri.target,
        name=uri.name,
        source=source,
    )


def record_start(workspace: Workspace, noun: str, remote_id: str, path: str) -> None:
    """path: a bt:// URI. Anything else is no checkpoint, and nothing is kept."""
    Start.objects.bulk_create(
        build_start(workspace.pk, noun, remote_id, uri, source=REQUESTED) for uri in find_uris(path)
    )


def record_reported_starts(
    sender: type[Snapshot], workspace: Workspace, rows: Iterable[Snapshot], **_: Any
) -> None:
    """The receiver of `rows_stored`. As many statements for one row as for hundreds."""
    if sender.noun not in NOUNS:
        return
    changed = {row.remote_id: row for row in rows}
    stored = select_reported.fetch(workspace=workspace.pk, noun=sender.noun, ids=list(changed))
    for some in split_into_batches(key for (key,) in stored):
        Start.objects.filter(pk__in=some).delete()
    found = [start for row in changed.values() for start in build_reported_starts(row)]
    Start.objects.bulk_create(found, batch_size=BATCH_SIZE)


@PreparedQuery
def select_reported() -> QuerySet[Start, tuple[int]]:
    here: dict[str, Any] = {"workspace_id": Parameter("workspace"), "noun": Parameter("noun")}
    told = Start.objects.filter(among("remote_id", "ids"), source=REPORTED, **here)
    return told.order_by().values_list("pk")


def build_reported_starts(row: Snapshot) -> Iterator[Start]:
    """A run that quotes a checkpoint of its own was not started from it."""
    for uri in sorted(set(find_uris(row.raw)), key=str):
        if uri.run_id != row.remote_id:
            yield build_start(row.workspace_id, row.noun, row.remote_id, uri, source=REPORTED)


def find_uris(value: Any) -> Iterator[CheckpointURI]:
    """Each text in a JSON value that is the URI of a checkpoint."""
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from find_uris(one)
    elif isinstance(value, str) and value.lstrip().startswith("bt://"):
        try:
            yield CheckpointURI.parse(value)
        except ValueError:
            return
