"""Calls at the end of the program, and of children of multiprocessing, where `atexit` does not run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def call_at_end_of_child(call: Callable[[], None]) -> None:
    """Have *call* called when this process ends, if it is one of multiprocessing's."""
    module = sys.modules.get("multiprocessing.process")
    if module is not None and module.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, call, exitpriority=0)
