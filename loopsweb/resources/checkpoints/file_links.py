"""Signed links of this site to files, for download tools that can neither sign in nor post a form.

Each opens one file as one member of the team. Nothing of it is stored.
"""

from __future__ import annotations

import secrets
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta

from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.models import Membership
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.ui.site_url import build_site_url

LIFETIME = timedelta(hours=24)
SALT = "loopsweb.resources.checkpoints.file_links"


class NotALink(ValueError):
    """It was not signed here, or was altered or cut."""


@dataclass(frozen=True)
class FileLink:
    """What a link opens, and as whom: ids of rows, and the file's place in the API's list.

    manifest: the same for all links that were made together; files: how many these are.
    made_at: in milliseconds since 1970.
    """

    membership: int
    workspace: int
    checkpoint: int
    made_at: int
    manifest: str = ""
    files: int = 1
    index: int = 0
    fingerprint: str = ""

    def to_file(self, index: int, fingerprint: str) -> str:
        """The signed text of a link to this file."""
        return sign_link(replace(self, index=index, fingerprint=fingerprint))

    @property
    def made(self) -> datetime:
        return datetime.fromtimestamp(self.made_at / 1000, UTC)

    @property
    def expires_at(self) -> datetime:
        return self.made + LIFETIME


def start_link(request: WorkspaceRequest, checkpoint: Checkpoint, *, files: int) -> FileLink:
    """A link that opens files of the checkpoint as this person, once it is told which."""
    member = Membership.objects.get(user=request.user, team=request.workspace.team)
    return FileLink(
        membership=member.pk,
        workspace=request.workspace.pk,
        checkpoint=checkpoint.pk,
        made_at=int(timezone.now().timestamp() * 1000),
        manifest=secrets.token_hex(4),
        files=files,
    )


def address_link(request: WorkspaceRequest, signed: str) -> str:
    """Raises SiteUrlUnknown."""
    return build_site_url(request, reverse("downloads:open", args=[signed]))


def sign_link(link: FileLink) -> str:
    return Signer(salt=SALT).sign_object(list(astuple(link)))


def read_link(signed: str) -> FileLink:
    """Raises NotALink."""
    try:
        return FileLink(*Signer(salt=SALT).unsign_object(signed))
    except BadSignature as error:
        raise NotALink from error
