"""The filters and sorts that the lists of several nouns share."""

from __future__ import annotations

from django.db.models import Q

from loopsweb.resources.snapshot.models import REPORTED
from loopsweb.ui.filters import Filter

UNREPORTED = ~REPORTED
STATUS = Filter("status", "Status", field="status")
BASE_MODEL = Filter("base_model", "Base model", field="base_model")
OWNER = Filter("owner", "Owner", field="owner_email")
STILL_LISTED = Filter(
    "seen",
    "Still listed",
    conditions={
        "yes": ("Still listed: yes", Q(missing_since=None)),
        "no": ("Still listed: no", Q(missing_since__isnull=False)),
    },
)
SORTS = {
    "id": "remote_id",
    "status": "status",
    "base_model": "base_model",
    "owner": "owner_email",
    "created": "created_at",
}
