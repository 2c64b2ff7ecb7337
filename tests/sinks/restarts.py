"""A server that is killed and started again while events are emitted."""

from __future__ import annotations

import threading
import time

import otel_events as ev
from tests.message_servers import wait_until

_RESTARTS = 3


def emit_over_restarts(server, sink, *, workers, pause):
    """Emit numbered events on *workers* threads, *pause* seconds apart, until *server* was restarted; then hand all over."""
    is_over = threading.Event()

    def emit(worker):
        number = 0
        while not is_over.is_set():
            ev.emit("evidence.added", worker=worker, number=number)
            number += 1
            time.sleep(pause)

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(_RESTARTS):
            before = ev.stats().delivered.get(sink, 0)
            wait_until(lambda before=before: ev.stats().delivered.get(sink, 0) > before)
            server.kill()
            before = ev.stats().retries
            wait_until(lambda before=before: ev.stats().retries > before)
            server.start()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    wait_until(lambda: ev.flush(1))
