"""The real Collector is away for ten minutes' worth of events, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.pipeline.writer_events import DROPPED
from tools.faults.accounting import check_equation, check_program, is_told
from tools.faults.laboratory import await_end, kill_after
from tools.faults.received import Received
from tools.faults.report import Finding

if TYPE_CHECKING:
    from tools.faults.laboratory import Ended, Laboratory

_PATIENCE = 1800.0
_SMALL_CAP = 2 << 20


def try_outage(laboratory: Laboratory, mode: str) -> Finding:
    """Emit what 10 minutes at 2,000 events a second make, with the Collector stopped; then start it."""
    count = laboratory.choose(20_000, 1_200_000 if mode == "async" else 200_000)
    ended, received, warned = _run(laboratory, f"outage-{mode}", mode, count)
    said = ended.said
    problems = [*check_equation(ended.stats)]
    if ended.stats["dropped"]:
        problems.append(f"dropped {ended.stats['dropped']}")
    if not said["shutdown"]:
        problems.append("shutdown said False")
    return Finding(
        fault="outage of the Collector",
        mode=mode,
        trials=1,
        events=count,
        acknowledged=count,
        lost=count - len(received.numbers["outage"]),
        duplicated=received.duplicated,
        told=int(bool(warned.strip())),
        figures=_describe({**said, "delivered": count}, count),
        problems=tuple(problems),
    )


def try_small_caps(laboratory: Laboratory, mode: str) -> Finding:
    """Emit more than the spool may hold: the oldest goes, counted and told, the newest arrives."""
    count = laboratory.choose(20_000, 100_000)
    ended, received, warned = _run(laboratory, f"caps-{mode}", mode, count, OTEL_EVENTS_SPOOL_MAX_BYTES=str(_SMALL_CAP))
    arrived = received.numbers["outage"]
    dropped = sum(ended.stats["dropped"].values())
    figures = _describe({**ended.said, "delivered": len(arrived)}, count)
    problems = [*check_equation(ended.stats)]
    if ended.stats["dropped"].keys() != {"spool_full"}:
        problems.append(f"dropped {ended.stats['dropped']}")
    if not arrived or len(arrived) != count - min(arrived):
        problems.append("what arrived is not the newest")
    if not received.names[DROPPED] or not warned.strip():
        problems.append("it was not told")
    if count - len(arrived) > dropped:
        problems.append(f"{count - len(arrived)} did not arrive, and {dropped} were counted")
    return Finding(
        fault=f"outage, spool of {_SMALL_CAP >> 20} MiB",
        mode=mode,
        trials=1,
        events=count,
        acknowledged=len(arrived),
        lost=max(0, count - len(arrived) - dropped),
        duplicated=received.duplicated,
        told=int(bool(received.names[DROPPED])),
        figures=f"{dropped:,} oldest dropped, told by {received.names[DROPPED]} events; {figures}",
        problems=tuple(problems),
    )


def try_span_outage(laboratory: Laboratory, mode: str) -> Finding:
    """Run tasks with the Collector stopped, and end: the next process sends their spans and their events."""
    count = laboratory.choose(500, 5_000)
    place = laboratory.place(f"spans-{mode}", mode, OTEL_TRACES_EXPORTER="otlp")
    with laboratory.collector(place.directory.name) as collector:
        collector.stop()
        ended = place.run("burst", collector.http_endpoint, steps=[["tasks", count]])
        collector.start()
        place.send_rest(collector.http_endpoint)
        spans = [span["span_id"] for span in collector.spans()]
        received = Received(collector.events_path)
    problems = list(check_program(ended))
    if dropped := {**ended.stats["dropped"], **ended.stats["spans_dropped"]}:
        problems.append(f"dropped {dropped}")
    events = sum(count for name, count in received.names.items() if name.startswith("task."))
    return Finding(
        fault="outage, spans and events of tasks",
        mode=mode,
        trials=1,
        events=3 * count,
        acknowledged=3 * count,
        lost=(count - len(set(spans))) + (2 * count - events),
        duplicated=len(spans) - len(set(spans)) + received.duplicated,
        told=int(is_told(ended)),
        figures=f"{len(set(spans)):,} spans, {events:,} events",
        problems=tuple(problems),
    )


def _describe(said: dict[str, Any], count: int) -> str:
    sent = said["delivered"] / max(said["drain_seconds"], 0.001)
    return (
        f"emitted {count / said['seconds']:,.0f}/s, on disk {said['bytes'] / 2**20:,.0f} MiB, "
        f"memory +{said['grown_kib'] / 1024:.0f} MiB, at most +{said['highest_kib'] / 1024:.0f} MiB, "
        f"drained in {said['drain_seconds']:.1f} s ({sent:,.0f}/s)"
    )


def _run(laboratory: Laboratory, name: str, mode: str, count: int, **settings: str) -> tuple[Ended, Received, str]:
    place = laboratory.place(name, mode, **settings)
    with laboratory.collector(name) as collector:
        collector.stop()
        with (place.directory_made() / "warnings").open("w+") as warnings:
            process = place.start("outage", collector.http_endpoint, stderr=warnings, run="outage", count=count)
            assert process.stdout is not None
            with kill_after(process, _PATIENCE):
                process.stdout.readline()
                laboratory.tell(f"outage, {mode}: {count:,} events emitted, the Collector comes back")
                collector.start()
                ended = await_end(process, _PATIENCE)
            warnings.seek(0)
            warned = warnings.read()
        laboratory.tell(f"outage, {mode}: sent, reading what arrived")
        if ended.code != 0:
            raise RuntimeError(f"the program ended with code {ended.code}: {warned[-1000:]}")
        return ended, Received(collector.events_path), warned
