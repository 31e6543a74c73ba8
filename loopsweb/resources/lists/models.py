from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.prepared_queries import Parameter
from loopsweb.resources.nouns import NOUNS
from loopsweb.ui.visible_text import validate_visible

MAX_VIEWS = 20  # of one list, for each person and for the team
# {its name in URLs: the name of its URL}
LISTS = {slug: f"{slug}:list" for slug in NOUNS} | {
    "deactivations": "deactivations:list",
    "audit": "dashboard:audit",
}


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def of_list(
        self, workspace: Workspace | Parameter, noun: str | Parameter, person: User | Parameter
    ) -> SavedViewQuerySet:
        """The person's own and the team's. noun: of LISTS."""
        visible = Q(person=person) | Q(person=None)
        return self.filter(visible, workspace=workspace, noun=noun)


class SavedView(models.Model):
    """A name for the filters and the order of a list. person: whose it is, None for the team's."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20, help_text="Plural, as in the URL of the list.")
    name = models.CharField(max_length=60, validators=[validate_visible])
    query = models.TextField(blank=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["person_id", "name", "pk"]
        indexes = [models.Index(fields=["workspace", "noun"], name="saved_view_of_list")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        url = reverse(LISTS[self.noun], args=[self.workspace.slug])
        return f"{url}?{self.query}" if self.query else url
