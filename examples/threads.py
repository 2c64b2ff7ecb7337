"""Take what is bound into threads and executors, which start empty.

python examples/threads.py
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import otel_events as ev


def check(source: str) -> None:
    """Say what was checked; whose task it was, the scope knows."""
    ev.emit("quality.check", source=source, verdict="accept")


def main() -> None:
    """Check sources in threads of both kinds, inside one task."""
    ev.configure(service_name="threads-example")
    ev.bind(host="workstation")  # process-wide: threads see it anyway
    with ev.context(persona="thesis"), ev.task("check", task_id="t-1"):
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(ev.carry(check), ["a.pdf", "b.pdf"]))
        thread = threading.Thread(target=ev.carry(check), args=("c.pdf",))
        thread.start()
        thread.join()
        threading.Thread(target=check, args=("d.pdf",)).start()  # not carried: it has `host` and nothing else


if __name__ == "__main__":
    main()
