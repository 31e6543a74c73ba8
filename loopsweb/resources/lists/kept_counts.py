"""The counts that long lists show, kept by the worker, so that no page waits for them."""

from __future__ import annotations

from contextlib import suppress
from itertools import compress

import msgspec
from django.db import models
from django.db.models import Exists, OuterRef

from loopsweb.accounts.models import Workspace
from loopsweb.resources.nouns import EVERY_NOUN
from loopsweb.resources.snapshot.models import REPORTED, Snapshot
from loopsweb.ui.facets import RowCounts, count_rows

SHORTEST = 5_000  # rows of a list whose counts are kept
MODELS = [noun.model for noun in EVERY_NOUN]


class KeptCounts(models.Model):
    """counts: RowCounts of the rows of a noun, as of one version of the workspace."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20, help_text="Singular.")
    version = models.BigIntegerField()
    counts = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "noun"], name="kept_counts_of_noun")
        ]

    def __str__(self) -> str:
        return f"{self.noun} as of version {self.version}"


def keep_counts(workspace: Workspace) -> None:
    """Count the rows of the workspace's long lists. Nothing is kept of a version that ends
    meanwhile: the poll that ends it counts again."""
    here = Workspace.objects.filter(pk=workspace.pk)
    found = here.values_list(
        "version",
        Exists(KeptCounts.objects.filter(workspace=OuterRef("pk"))),
        *(
            Exists(model._default_manager.filter(workspace=OuterRef("pk"))[SHORTEST - 1 : SHORTEST])
            for model in MODELS
        ),
    ).first()
    if found is None:  # it was deleted meanwhile
        return
    version, has_kept, *is_long = found
    long, known = {model.noun: model for model in compress(MODELS, is_long)}, set[str]()
    if has_kept:
        kept_here = KeptCounts.objects.filter(workspace=workspace)
        kept_here.exclude(noun__in=long).delete()
        known = set(kept_here.filter(version=version).values_list("noun", flat=True))
    kept = [count_list(workspace, long[noun], version) for noun in long if noun not in known]
    if kept and here.filter(version=version).exists():
        KeptCounts.objects.bulk_create(
            kept,
            update_conflicts=True,
            unique_fields=["workspace", "noun"],
            update_fields=["version", "counts"],
        )


def count_list(workspace: Workspace, model: type[Snapshot], version: int) -> KeptCounts:
    rows = model._default_manager.filter(workspace=workspace)
    counts = msgspec.to_builtins(count_rows(rows, model.facet_fields, apart=~REPORTED))
    return KeptCounts(workspace=workspace, noun=model.noun, version=version, counts=counts)


def select_outdated(*, version: int | OuterRef) -> models.QuerySet[KeptCounts]:
    """Those of another version than the workspace has now."""
    return KeptCounts.objects.exclude(version=version)


def find_counts(workspace: Workspace, model: type[Snapshot]) -> RowCounts | None:
    """Those of the version that `workspace` was read with; None where they are not kept."""
    kept = KeptCounts.objects.filter(
        workspace=workspace, noun=model.noun, version=workspace.version
    )
    counts = kept.values_list("counts", flat=True).first()
    with suppress(msgspec.ValidationError):
        found = msgspec.convert(counts, RowCounts | None)
        if found and found.values.keys() == {*model.facet_fields}:
            return found
    return None  # none are kept, or another release has kept them
