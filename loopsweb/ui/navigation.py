"""The pages of a workspace in its navigation. The search finds them too."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """url_name takes the workspace's slug. icon: the name of a Heroicon. also: the first part of
    the paths of other pages that belong to it."""

    url_name: str
    label: str
    icon: str
    also: tuple[str, ...] = ()


WORKSPACE_PAGES = (
    Entry("dashboard:overview", "Overview", "squares-2x2", ("attention", "rates")),
    Entry("sessions:list", "Sessions", "rectangle-stack"),
    Entry("runs:list", "Runs", "bolt"),
    Entry("samplers:list", "Samplers", "beaker"),
    Entry("checkpoints:list", "Checkpoints", "bookmark", ("cleanups",)),
    Entry("deployments:list", "Deployments", "server-stack"),
    Entry("deactivations:list", "Deactivations", "hand-raised"),
    Entry("dashboard:timeline", "Timeline", "chart-bar"),
    Entry("dashboard:audit", "Audit", "clipboard-document-list"),
)
