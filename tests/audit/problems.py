from __future__ import annotations

from collections.abc import Callable

import pytest

from loopsweb.audit.chain.verifier import BrokenChain


def get_problem(verify: Callable[[], object]) -> str:
    with pytest.raises(BrokenChain) as broken:
        verify()
    return str(broken.value)
