"""Emits what no program should, between events that every program emits; says what was raised, and its counts."""

from __future__ import annotations

import faulthandler
import itertools
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import otel_events as ev
from tests.hostile import HOSTILE
from tools.faults.programs.telling import given, resident_kib, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HANGS = 45.0  # seconds after which a stack is shown, for whoever looks for the reason
_HUGE = 100 << 20
_DEEP = 10_000
_numbers = itertools.count(1)
_plain = itertools.count(1)


def _emit_plain(count: int = 1) -> None:
    """Emit events that have to arrive."""
    for _ in range(count):
        ev.emit("numbered.event", n=next(_plain))


class _Angry:
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


class _Chatty:
    """Emits whatever is done to it."""

    def __repr__(self) -> str:
        _emit_plain()
        return "chatty"

    __str__ = __repr__

    def __del__(self) -> None:
        _emit_plain()


def _cyclic_and_deep() -> Any:
    value: Any = []
    inner = value
    for _ in range(_DEEP):
        inner.append({"in": []})
        inner = inner[0]["in"]
    inner.append(value)
    return value


def _values(kind: str) -> Iterator[Any]:
    if kind == "100 MB payload":
        yield from ("x" * _HUGE, b"\xff" * _HUGE, ["x" * 1000] * (_HUGE // 1000))
    elif kind == "cyclic, 10,000 deep":
        yield _cyclic_and_deep()
    elif kind == "NaN and infinities":
        yield from (float("nan"), float("inf"), -float("inf"), [float("nan")], {"k": float("-inf")})
    elif kind == "surrogates":
        yield from ("\ud800", "a\udcffb", {"\udfff": "\ud83d"}, ["\udc80"] * 10)
    elif kind == "exceptions in __repr__":
        yield from (_Angry(), [_Angry()], {"k": _Angry()}, ValueError(_Angry()))
    else:
        yield from HOSTILE


def _emit_values(kind: str) -> None:
    for value in _values(kind):
        _emit_plain()
        ev.emit("hostile.event", value=value, hostile=next(_numbers))
        ev.emit("hostile.event", attributes={"value": value})
        _emit_plain()


def _emit_from_inside(_: str) -> None:
    """Emit from signal handlers, destructors, `__repr__` and log handlers, in the middle of emitting and delivering."""

    class Handler(logging.Handler):
        def emit(self, _: logging.LogRecord) -> None:
            _emit_plain()

    logging.getLogger("otel_events").addHandler(Handler())
    signal.signal(signal.SIGALRM, lambda *_: _emit_plain())
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0007)
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        ev.emit("hostile.event", value=_Chatty(), hostile=next(_numbers))
        _emit_plain()
        ev.flush(timeout=0.001)
        ev.stats()
    signal.setitimer(signal.ITIMER_REAL, 0)


def _emit_far_timestamps(_: str) -> None:
    for years in (-10, 10, -1000, 1000, 10**9):
        now = time.time_ns()
        ev.emit("hostile.event", timestamp=now + years * 365 * 86_400 * 10**9)
        _emit_plain()


def _emit_in_jumping_time(_: str) -> None:
    """Emit while the shim beneath the C library turns the clock ten years back and forth."""
    seen: set[int] = set()
    for _turn in range(300):
        _emit_plain(5)
        seen.add(time.gmtime(time.time()).tm_year)
        time.sleep(0.001)
    if max(seen) - min(seen) < 15:
        raise SystemExit("the clock did not jump")


_ACTS: dict[str, Callable[[str], None]] = {
    "re-entrant emits": _emit_from_inside,
    "timestamps far away": _emit_far_timestamps,
    "clock jumps": _emit_in_jumping_time,
}


def main() -> None:
    """Do it, and say what became of it."""
    faulthandler.dump_traceback_later(_HANGS, exit=True, file=sys.stderr)
    kind = given()["kind"]
    ev.configure(attributes={"run": "hostile"})
    raised = []
    before = resident_kib()
    try:
        _ACTS.get(kind, _emit_values)(kind)
    except Exception as error:
        raised.append(type(error).__name__)
    _emit_plain(10)
    ev.flush(timeout=20)
    began = time.monotonic()
    is_safe = ev.shutdown()
    took = time.monotonic() - began
    last = next(_plain) - 1
    faulthandler.cancel_dump_traceback_later()
    grown = resident_kib() - before
    say(
        raised=raised, plain=last, shutdown=is_safe, shutdown_seconds=took, grown_kib=grown, pid=os.getpid(), flush=True
    )


if __name__ == "__main__":
    main()
