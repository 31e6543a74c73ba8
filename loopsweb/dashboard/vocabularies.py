"""Every word that has a meaning of its own: statuses of the API and states of deactivations."""

from __future__ import annotations

from loopsweb.resources.deactivations.states import DEACTIVATION
from loopsweb.resources.nouns import NOUNS

VOCABULARIES = {noun.label: noun.vocabulary for noun in NOUNS.values() if noun.vocabulary}
VOCABULARIES["Deactivations"] = DEACTIVATION
