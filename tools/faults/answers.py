"""A Collector that is gone, hangs, refuses or lies: stand-ins where the real one cannot be made to."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import grpc

from tests.acceptor import (
    GrpcAcceptor,
    HttpAcceptor,
    accept,
    accept_call,
    answer_with,
    break_off,
    drip,
    fail_call,
    hang,
    hang_call,
    lose_answer,
    reject,
    take_at_most,
)
from tools.faults.accounting import check_equation, check_program, count_dropped, count_lost, is_told, needs_telling
from tools.faults.received import Received
from tools.faults.report import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.acceptor import Acceptor, Behaviour
    from tools.backends.collector import Collector
    from tools.faults.laboratory import Ended, Laboratory


class Destination(Protocol):
    """Where events go while something is wrong there."""

    endpoint: str

    def heal(self) -> None:
        """End the fault."""

    def numbers(self) -> tuple[set[int], int]:
        """Return the numbers that arrived, and how many arrived again."""


class _StandIn:
    def __init__(self, acceptor: Acceptor, healed: Behaviour | None) -> None:
        self.endpoint = f"http://127.0.0.1:{acceptor.port}"
        self._acceptor = acceptor
        self._healed = healed

    def heal(self) -> None:
        if self._healed is not None:
            self._acceptor.usual = self._healed
            self._acceptor.script.clear()
            self._acceptor.released.set()

    def numbers(self) -> tuple[set[int], int]:
        names = list(self._acceptor.names)
        return {int(name.removeprefix("n.")) for name in names}, len(names) - len(set(names))


class _Real:
    def __init__(self, collector: Collector, heal: Callable[[], None]) -> None:
        self.endpoint = collector.http_endpoint
        self.heal = heal
        self._collector = collector

    def numbers(self) -> tuple[set[int], int]:
        received = Received(self._collector.events_path)
        return received.numbers["burst"], received.duplicated


@contextmanager
def _stand_in(_: Laboratory, usual: Behaviour, *, heals: bool = True) -> Iterator[Destination]:
    with HttpAcceptor() as acceptor:
        acceptor.usual = usual
        yield _StandIn(acceptor, accept if heals else None)


@contextmanager
def _grpc_stand_in(_: Laboratory, usual: Behaviour) -> Iterator[Destination]:
    with GrpcAcceptor() as acceptor:
        acceptor.usual = usual
        yield _StandIn(acceptor, accept_call)


@contextmanager
def _stopped(laboratory: Laboratory) -> Iterator[Destination]:
    with laboratory.collector("stopped") as collector:
        collector.stop()
        yield _Real(collector, collector.start)


@contextmanager
def _frozen(laboratory: Laboratory) -> Iterator[Destination]:
    with laboratory.collector("frozen") as collector:
        pid = collector.process.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield _Real(collector, lambda: os.kill(pid, signal.SIGCONT))
        finally:
            os.kill(pid, signal.SIGCONT)  # else it could not end


def _every_other(first: Behaviour, second: Behaviour) -> Behaviour:
    turns = iter(range(10**9))
    return lambda handler, request: (second if next(turns) % 2 else first)(handler, request)


# fault: where events go, what the program needs to be told, what it may count as dropped.
_FAULTS: dict[str, tuple[Callable[[Laboratory], Any], dict[str, str], set[str]]] = {
    "stopped": (_stopped, {}, set()),
    "frozen (SIGSTOP)": (_frozen, {}, set()),
    "hangs": (lambda lab: _stand_in(lab, hang), {}, set()),
    "slow-loris": (lambda lab: _stand_in(lab, drip), {}, set()),
    "503": (lambda lab: _stand_in(lab, answer_with(503)), {}, set()),
    "429, Retry-After 60": (lambda lab: _stand_in(lab, answer_with(429, Retry_After="60")), {}, set()),
    "500, every other": (lambda lab: _stand_in(lab, _every_other(answer_with(502), accept)), {}, set()),
    "400": (lambda lab: _stand_in(lab, answer_with(400, b"no"), heals=False), {}, {"otlp_refused"}),
    "413 over 8 kB": (lambda lab: _stand_in(lab, take_at_most(8_000), heals=False), {}, set()),
    "413 always": (lambda lab: _stand_in(lab, answer_with(413), heals=False), {}, {"otlp_too_large"}),
    "partial success": (lambda lab: _stand_in(lab, reject(1, "one too many"), heals=False), {}, {"otlp_rejected"}),
    "reply lost, every other": (lambda lab: _stand_in(lab, _every_other(lose_answer, accept)), {}, set()),
    "reply cut, every other": (lambda lab: _stand_in(lab, _every_other(break_off, accept)), {}, set()),
    "grpc UNAVAILABLE": (
        lambda lab: _grpc_stand_in(lab, fail_call(grpc.StatusCode.UNAVAILABLE)),
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        set(),
    ),
    "grpc RESOURCE_EXHAUSTED": (
        lambda lab: _grpc_stand_in(lab, fail_call(grpc.StatusCode.RESOURCE_EXHAUSTED, "later", 60.0)),
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        set(),
    ),
    "grpc hangs": (lambda lab: _grpc_stand_in(lab, hang_call), {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, set()),
}
NAMES = tuple(_FAULTS)


def try_answer(laboratory: Laboratory, fault: str, mode: str) -> Finding:
    """Let a program emit, flush and end against it; then heal it, and let the next process send the rest."""
    make, settings, reasons = _FAULTS[fault]
    count = laboratory.choose(500, 2_000)
    place = laboratory.place(f"answer-{NAMES.index(fault)}-{mode}", mode, **settings)
    with make(laboratory) as destination:
        ended = place.run("burst", destination.endpoint, count=count, is_named=isinstance(destination, _StandIn))
        arrived_before, _ = destination.numbers()
        destination.heal()
        rest = place.send_rest(destination.endpoint)
        arrived, duplicated = destination.numbers()
        left = place.waiting()
    return _judge(fault, mode, count, ended, rest, (arrived_before, arrived, duplicated), left, reasons)


def _judge(
    fault: str,
    mode: str,
    count: int,
    ended: Ended,
    rest: list[Ended],
    arrivals: tuple[set[int], set[int], int],
    left: int,
    reasons: set[str],
) -> Finding:
    before, arrived, duplicated = arrivals
    dropped = count_dropped([ended, *rest])
    problems = [*check_program(ended), *(problem for one in rest for problem in check_equation(one.stats))]
    if unexpected := dropped.keys() - reasons:
        problems.append(f"dropped for {', '.join(sorted(unexpected))}")
    if ended.said["flush"] and len(before) < count:
        problems.append("flush said True, and not everything had arrived")
    if left:
        problems.append(f"{left} records are still on disk")
    if needs_telling(ended) and not is_told(ended):
        problems.append("nothing was told")
    figures = f"flush {ended.said['flush_seconds']:.2f} s, shutdown {ended.said['shutdown_seconds']:.2f} s"
    if dropped:
        figures += f", dropped {dropped}"
    return Finding(
        fault=f"Collector: {fault}",
        mode=mode,
        trials=1,
        events=ended.stats["emitted"],
        acknowledged=ended.stats["emitted"],
        lost=count_lost(count - len(arrived), [ended, *rest]),
        duplicated=duplicated,
        told=int(is_told(ended)),
        figures=figures,
        problems=tuple(problems),
    )
