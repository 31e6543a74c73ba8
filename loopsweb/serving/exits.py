from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


def exit_process(code: int = os.EX_OK) -> NoReturn:
    """Exit without waiting for running threads, which are safe to interrupt."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)
