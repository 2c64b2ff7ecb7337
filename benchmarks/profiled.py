"""Where the background threads of ours spend their time: a profile by function, each thread for itself."""

from __future__ import annotations

import cProfile
import io
import pstats
import threading
import time
from typing import TYPE_CHECKING, Any

from benchmarks.processes import Acceptor, scratch

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 5.0
_RATE = 5_000
_PLACES = 14


class _Profiles:
    """A profile for each thread that is started while this is in place."""

    def __init__(self) -> None:
        self.of: dict[str, cProfile.Profile] = {}

    def begin(self, *_: object) -> Any:
        """Be the first thing that a thread calls: hand over to the real profiler."""
        threading.setprofile(self.begin)
        profile = cProfile.Profile()
        self.of[threading.current_thread().name] = profile
        profile.enable()


def _emit_for_a_while(endpoint: str, directory: Path) -> None:
    from benchmarks.measures import paced
    from benchmarks.subjects.ours import OtelEvents
    from benchmarks.subjects.subject import Place

    subject = OtelEvents(Place(endpoint, directory))
    paced(subject, rate=_RATE, seconds=_SECONDS)
    time.sleep(0.2)


def main() -> None:
    """Emit for some seconds at a steady rate, and print the costliest functions of each background thread."""
    profiles = _Profiles()
    with scratch() as home:
        acceptor = Acceptor(home)
        threading.setprofile(profiles.begin)
        try:
            _emit_for_a_while(acceptor.url("profiled"), home)
        finally:
            threading.setprofile(None)
            acceptor.close()
        for name, profile in profiles.of.items():
            text = io.StringIO()
            stats = pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime")
            stats.print_stats(_PLACES)
            print(f"== thread {name}, {_RATE * _SECONDS:,.0f} events\n{text.getvalue()}")


if __name__ == "__main__":
    main()
