"""Ends in one of the ways in which programs end; each process says which run it emitted, and how many events of it."""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_COUNT = 200
_CHILDREN = 4
_FORKS = 20
_WINDOW = 0.4  # seconds after which an `async` event is on disk, however busy the machine
_threads: list[threading.Thread] = []
_is_over = threading.Event()


def _say_at_the_end() -> None:
    """Say the final counts. Registered before the product is imported, and so run after its own end."""
    _is_over.set()
    for thread in _threads:
        thread.join()
    from tools.faults.programs.telling import say

    say(run="threads", count=0)


def _emit(run: str, count: int = _COUNT) -> None:
    """Emit, then say so: in one write, because processes share the output."""
    import otel_events as ev

    for number in range(1, count + 1):
        ev.emit("numbered.event", run=run, n=number)
    os.write(1, (json.dumps({"run": run, "count": count}) + "\n").encode())


def _emit_and_end(run: str) -> int:
    _emit(run)
    return 0


def _start_threads(*, daemon: bool) -> None:
    import otel_events as ev

    def emit() -> None:
        number = 0
        while not _is_over.is_set():
            number += 1
            ev.emit("numbered.event", run="threads", n=number)
            time.sleep(0.0002)

    for _ in range(3):
        _threads.append(threading.Thread(target=emit, daemon=daemon))
        _threads[-1].start()


# -- ways to end -----------------------------------------------------------------------------------------------------


def _return() -> None:
    _emit("main")


def _leave_hard() -> NoReturn:
    _emit("main")
    time.sleep(_WINDOW)
    os._exit(0)


def _be_terminated() -> None:
    _emit("main")
    time.sleep(_WINDOW)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)


def _exit_on_terminate() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _emit("main")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)


def _raise() -> NoReturn:
    _emit("main")
    raise SystemExit(0)


def _end_among_daemons() -> None:
    _start_threads(daemon=True)
    _emit("main")
    time.sleep(0.1)


def _fork_while_emitting() -> None:
    _start_threads(daemon=True)
    time.sleep(0.05)
    children = [_fork(f"fork-{number}") for number in range(_FORKS)]
    for child in children:
        os.waitpid(child, 0)
    _is_over.set()


def _fork(run: str) -> int:
    """Fork a child that emits and ends in an orderly way."""
    import otel_events as ev

    pid = os.fork()
    if pid:
        return pid
    try:
        _emit(run, 50)
        is_safe = ev.shutdown()
    finally:
        os._exit(0 if is_safe else 3)


def _prefork() -> None:
    """Work as servers do that fork: set up, fork workers, end these by SIGTERM."""
    _emit("master")
    workers = [_fork_worker(f"worker-{number}") for number in range(_CHILDREN)]
    time.sleep(2 * _WINDOW)
    for worker in workers:
        os.kill(worker, signal.SIGTERM)
        os.waitpid(worker, 0)


def _fork_worker(run: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _emit(run)
    time.sleep(10)
    sys.exit(1)


def _multiprocess(method: str) -> None:
    _emit("main")
    context: Any = multiprocessing.get_context(method)
    children = [context.Process(target=_emit, args=(f"{method}-{number}",)) for number in range(_CHILDREN)]
    for child in children:
        child.start()
    for child in children:
        child.join()


def _pool(method: str) -> None:
    _emit("main")
    with ProcessPoolExecutor(_CHILDREN, mp_context=multiprocessing.get_context(method)) as pool:
        assert sum(pool.map(_emit_and_end, [f"pool-{number}" for number in range(2 * _CHILDREN)])) == 0


WAYS: dict[str, Callable[[], Any]] = {
    "return": _return,
    "os._exit": _leave_hard,
    "SIGTERM": _be_terminated,
    "SIGTERM, handled": _exit_on_terminate,
    "SystemExit": _raise,
    "daemon threads emitting": _end_among_daemons,
    "fork while emitting": _fork_while_emitting,
    "prefork server": _prefork,
    "multiprocessing fork": lambda: _multiprocess("fork"),
    "multiprocessing spawn": lambda: _multiprocess("spawn"),
    "process pool fork": lambda: _pool("fork"),
    "process pool spawn": lambda: _pool("spawn"),
}


def main() -> None:
    """End so."""
    arguments = json.loads(sys.argv[1])
    if "emitting" in arguments["way"]:
        atexit.register(_say_at_the_end)
    import otel_events as ev

    ev.configure()
    WAYS[arguments["way"]]()


if __name__ == "__main__":
    main()
