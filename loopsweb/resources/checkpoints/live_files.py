"""The files of a checkpoint, asked of the API while a page waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.types import CheckpointFile
from loopsweb.resources.checkpoints.files import ROWS, FilesPage
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.pages.live_calls import NoAnswer, call_api

MAX_FILES, PAGE = 10_000, 1000


class FilesUnavailable(Exception):
    """The message says why and what to do."""

    def __init__(
        self, message: str, *, title: str = "The files could not be loaded", status: HTTPStatus
    ) -> None:
        super().__init__(message)
        self.title, self.status = title, status


def fetch_page(request: WorkspaceRequest, checkpoint: Checkpoint, token: int) -> FilesPage:
    """Raises FilesUnavailable."""
    run_id = checkpoint.run_remote_id or None
    with explain_failure(request, checkpoint) as client:
        page = client.list_files(
            checkpoint.remote_id, page_size=ROWS, page_token=token, run_id=run_id
        )
    return FilesPage(page, token)


@contextmanager
def explain_failure(request: WorkspaceRequest, checkpoint: Checkpoint) -> Iterator[Client]:
    """A client that lists files. Raises FilesUnavailable for what it raises."""
    try:
        with call_api(request, "list_files") as client:
            try:
                yield client
            except errors.StatusError as error:
                if error.reason != errors.NOT_PRESIGNABLE:
                    raise
                raise FilesUnavailable(
                    f"{describe_volume(client, checkpoint)}, for which the API has no download "
                    "links.",
                    title="This checkpoint is on a volume",
                    status=HTTPStatus.CONFLICT,
                ) from error
    except NoAnswer as why:
        raise FilesUnavailable(str(why), status=why.status) from why


def describe_volume(client: Client, checkpoint: Checkpoint) -> str:
    """Which volume its files are on, and where, as far as the API says."""
    try:
        source = client.get_source(checkpoint.remote_id)
    except errors.LoopsError:
        return "Its files are on a volume"
    volume = f" {source.volume_ref}" if source.volume_ref else ""
    path = f" at {source.path}" if source.path else ""
    return f"Its files are on the volume{volume}{path}"


def fetch_all(request: WorkspaceRequest, checkpoint: Checkpoint) -> list[CheckpointFile]:
    """All of them. Raises FilesUnavailable."""
    found: list[CheckpointFile] = []
    run_id = checkpoint.run_remote_id or None
    with explain_failure(request, checkpoint) as client:
        for file in client.iter_files(checkpoint.remote_id, PAGE, run_id=run_id):
            found.append(file)
            if len(found) > MAX_FILES:
                raise FilesUnavailable(
                    f"This checkpoint has more than {MAX_FILES:,} files. Download it through the "
                    "API.",
                    title="Too many files for one manifest",
                    status=HTTPStatus.CONFLICT,
                )
    return found
