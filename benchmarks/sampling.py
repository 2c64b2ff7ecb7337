"""Which stacks other threads of this process spend their CPU in, by looking again and again."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType

Stack: TypeAlias = tuple[str, ...]  # outermost first
_EVERY = 0.001
_SWITCH = 0.00005  # seconds until a thread that computes lets us look


class Sampler(threading.Thread):
    """Charges the CPU that a thread has used since the last look to the stacks that it was in then and is in now, half each.

    So waiting costs nothing, and no function is made slower by being watched, as it is by `cProfile`. What a function of C
    takes is its caller's.

    """

    def __init__(self, is_watched: Callable[[str], bool]) -> None:
        super().__init__(name="sampler", daemon=True)
        self._stacks: defaultdict[str, Counter[tuple[CodeType, ...]]] = defaultdict(Counter)
        self._is_watched = is_watched
        self._last: dict[int, tuple[int, tuple[CodeType, ...]]] = {}
        self._is_over = threading.Event()

    def run(self) -> None:
        """Look every millisecond."""
        sys.setswitchinterval(_SWITCH)
        while not self._is_over.wait(_EVERY):
            frames = sys._current_frames()
            for thread in threading.enumerate():
                if thread.ident in frames and self._is_watched(thread.name):
                    self._charge(thread.ident, thread.name, frames[thread.ident])

    def stop(self) -> None:
        """Look no more."""
        self._is_over.set()
        self.join()

    def stacks(self) -> dict[str, Counter[Stack]]:
        """Return nanoseconds of CPU, by thread and stack."""
        found = {name: Counter[Stack]() for name in self._stacks}
        for name, stacks in self._stacks.items():
            for codes, weight in stacks.items():
                found[name][tuple(map(_name, codes))] += weight
        return found

    def _charge(self, ident: int, name: str, frame: FrameType) -> None:
        used = time.clock_gettime_ns(time.pthread_getcpuclockid(ident))
        codes = _codes(frame)
        used_before, codes_before = self._last.get(ident, (used, codes))
        self._last[ident] = used, codes
        if half := (used - used_before) // 2:
            self._stacks[name][codes_before] += half
            self._stacks[name][codes] += half


def _codes(frame: FrameType | None) -> tuple[CodeType, ...]:
    found = []
    while frame is not None:  # nothing more than this here: the thread goes on meanwhile, once we are too slow
        found.append(frame.f_code)
        frame = frame.f_back
    return tuple(reversed(found))


def _name(code: CodeType) -> str:
    path = Path(code.co_filename)
    module = path.parent.name if path.stem == "__init__" else path.stem
    return f"{module}.{getattr(code, 'co_qualname', code.co_name)}"
