"""Where the background threads of ours spend their CPU: a table for each, and a flame graph if asked."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import otel_events as ev
from benchmarks import flame
from benchmarks.measures import paced
from benchmarks.processes import Acceptor, scratch
from benchmarks.sampling import Sampler
from benchmarks.subjects.ours import OtelEvents
from benchmarks.subjects.subject import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.sampling import Stack

_THREADS = ("otel_events.pipeline", "otel-events-")  # the pipeline, and the senders
_OUTERMOST = {"threading.Thread._bootstrap", "threading.Thread._bootstrap_inner", "threading.Thread.run"}
_PLACES = 20


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiled", description=__doc__)
    parser.add_argument("--rate", type=int, default=10_000, help="events a second")
    parser.add_argument("--seconds", type=float, default=10.0, help="for how long")
    parser.add_argument("--svg", type=Path, help="where to write a flame graph of all these threads")
    parser.add_argument("--collapsed", type=Path, help="where to write the stacks, for flamegraph.pl or speedscope")
    return parser.parse_args()


def _profile(rate: int, seconds: float) -> tuple[int, dict[str, Counter[Stack]]]:
    """Emit for *seconds*; return how many events, and the stacks of each background thread."""
    with scratch() as home:
        acceptor = Acceptor(home)
        try:
            subject = OtelEvents(Place(acceptor.url("profiled"), home))
            paced(subject, rate=rate, seconds=1.0)  # what is learnt once is not the question
            sampler = Sampler(lambda name: name.startswith(_THREADS))
            sampler.start()
            count = paced(subject, rate=rate, seconds=seconds)["count"]
            sampler.stop()
        finally:
            ev.shutdown(5.0)
            acceptor.close()
    return count, {name: _without_outermost(stacks) for name, stacks in sampler.stacks().items()}


def _without_outermost(stacks: Mapping[Stack, int]) -> Counter[Stack]:
    kept: Counter[Stack] = Counter()
    for stack, weight in stacks.items():
        kept[tuple(name for name in stack if name not in _OUTERMOST)] += weight
    return kept


def _summary(name: str, stacks: Mapping[Stack, int], count: int) -> str:
    """Return the table of one thread: what functions take by themselves, and with all that they call."""
    total = sum(stacks.values())
    own: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for stack, weight in stacks.items():
        own[stack[-1]] += weight
        for function in set(stack):
            whole[function] += weight
    lines = [f"thread {name}: {total / 1e6:,.0f} ms of CPU, {total / 1e3 / count:.2f} µs an event"]
    lines += [f"{'own':>7}{'µs/event':>10}{'with calls':>12}  function"]
    for function, weight in own.most_common(_PLACES):
        share, with_calls = weight / total, whole[function] / total
        lines.append(f"{share:7.1%}{weight / 1e3 / count:10.3f}{with_calls:12.1%}  {function}")
    return "\n".join(lines)


def main() -> None:
    """Emit at a steady rate, and print the costliest functions of each background thread."""
    arguments = _arguments()
    count, found = _profile(arguments.rate, arguments.seconds)
    print(f"{count:,} events, {arguments.rate:,} a second")
    for name, stacks in sorted(found.items(), key=lambda item: -item[1].total()):
        print("\n" + _summary(name, stacks, count))
    everything = Counter({(name, *stack): weight for name, stacks in found.items() for stack, weight in stacks.items()})
    for path, write in ((arguments.svg, flame.svg), (arguments.collapsed, flame.collapsed)):
        if path is not None:
            path.write_text(write(everything), encoding="utf-8")


if __name__ == "__main__":
    main()
