"""What it takes to watch 10,000 files: seen, told, seconds and processor time, beside watchdog alone.

python -m benchmarks.watched_files [--files N]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import describe_machine
from otel_events.testing import capture_events
from otel_events.watching import watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PATIENCE = 60.0
_WRITER = """
import os, shutil, sys
from pathlib import Path
what, root, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
if what in ("create", "modify", "touch"):
    for number in range(count):
        path = root / "tree" / str(number // 100) / f"{number}.py"
        if what == "create" and number % 100 == 0:
            path.parent.mkdir(parents=True)
        os.utime(path) if what == "touch" else path.write_text(f"{what} = {number}\\n" * 40)
elif what == "move":
    (root / "tree").rename(root / "moved")
else:
    shutil.rmtree(root / "moved")
"""


@dataclass
class Figures:
    """What was measured of one step."""

    seen: int
    events: int
    seconds: float
    cpu: float


def change_files(what: str, root: Path, count: int) -> None:
    """Have another process change the files."""
    subprocess.run([sys.executable, "-c", _WRITER, what, str(root), str(count)], check=True)


def measure(count: int, **options: Any) -> Iterator[tuple[str, Figures]]:
    """Watch while files are changed in each way."""
    with tempfile.TemporaryDirectory() as folder, capture_events() as events:
        root = Path(folder).resolve()
        watcher = watch(root, **options)
        yield "start, empty", _timed(watcher.start, lambda: True, lambda: 0, events)
        for what in ("create", "modify", "touch", "move", "delete"):
            before = watcher.counts.changes
            wanted = 0 if what == "touch" else count

            def is_done(before: int = before, wanted: int = wanted) -> bool:
                return watcher.counts.changes - before >= wanted

            def work(what: str = what) -> None:
                change_files(what, root, count)
                if what == "touch":
                    time.sleep(4)

            yield what, _timed(work, is_done, lambda before=before: watcher.counts.changes - before, events)
            if what == "modify":
                yield "nothing, for 5 s", _timed(lambda: time.sleep(5), lambda: True, lambda: 0, events)
        watcher.stop()
    with tempfile.TemporaryDirectory() as folder, capture_events() as events:
        root = Path(folder).resolve()
        change_files("create", root, count)
        watcher = watch(root, **options)
        yield f"start, {count:,} files", _timed(watcher.start, lambda: True, lambda: 0, events)
        watcher.stop()


def _timed(work: Callable[[], Any], is_done: Callable[[], bool], seen: Callable[[], int], events: Any) -> Figures:
    events.clear()
    began, cpu = time.perf_counter(), time.process_time()
    work()
    end = time.monotonic() + _PATIENCE
    while not is_done() and time.monotonic() < end:
        time.sleep(0.01)
    time.sleep(0.5)
    seconds = time.perf_counter() - began - 0.5
    return Figures(seen(), len(events), seconds, time.process_time() - cpu)


def measure_watchdog(count: int) -> Iterator[tuple[str, Figures]]:
    """Watch with watchdog alone, whose handler does nothing but count."""
    from watchdog.events import FileSystemEventHandler
    from watchdog.observers import Observer

    class Counting(FileSystemEventHandler):
        seen = 0

        def on_any_event(self, event: object) -> None:  # noqa: ARG002  # watchdog's signature
            Counting.seen += 1

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        observer = Observer()
        observer.schedule(Counting(), str(root), recursive=True)
        observer.start()
        for what in ("create", "modify", "touch", "move", "delete"):
            before, began, cpu = Counting.seen, time.perf_counter(), time.process_time()
            change_files(what, root, count)
            seconds = time.perf_counter() - began
            time.sleep(2)
            seen = Counting.seen - before
            yield what, Figures(seen, seen, seconds, time.process_time() - cpu)
        observer.stop()
        observer.join()


def main() -> None:
    """Print a table for each way to watch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    count = parser.parse_args().files
    ways: dict[str, Iterator[tuple[str, Figures]]] = {
        "watchdog alone": measure_watchdog(count),
        "watched": measure(count),
        "watched, each file told": measure(count, burst=0),
        "polled, every 2 s": measure(count, polling=True),
    }
    print(describe_machine())
    for way, rows in ways.items():
        print(f"\n{way}\n{'':20} {'changes seen':>12} {'events':>8} {'seconds':>8} {'processor s':>12}")
        for what, figures in rows:
            print(
                f"{what:20} {figures.seen:12,} {figures.events:8,} {figures.seconds:8.2f} {figures.cpu:12.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
