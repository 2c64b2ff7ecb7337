"""What a soak has found, as a table, and whether all is well."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from tools.soak.emitting import NUMBER, SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tools.soak.page import OpenPage
    from tools.soak.serving import Sample
    from tools.soak.watching import Reader, Watcher

# What is bounded fills first. Of the server: the hub's ring with 64 MiB of lines, and 64 MiB of the index in SQLite's cache, which
# take so many events. Of the page: its list.
FULL_AFTER = 1_000_000  # events
_PAGE_FULL_AFTER = 60  # seconds
_LEAST_POINTS = 3
_MINUTE = 60.0
_SERVER_MIB, _PAGE_MB = 8.0, 4.0  # to grow by no more is to be flat


@dataclass(frozen=True, slots=True)
class Growth:
    """A size since what is bounded has filled, by the line that fits it best."""

    least: float
    most: float
    per_minute: float
    is_flat: bool


def growth(points: Iterable[tuple[float, float]], since: float, allowed: float) -> Growth | None:
    """Return how *points* (seconds, size) grew from *since* on; None where there are too few to tell."""
    later = [point for point in points if point[0] >= since]
    if len(later) < _LEAST_POINTS:
        return None
    times, sizes = zip(*later, strict=True)
    slope = statistics.linear_regression(times, sizes).slope
    return Growth(min(sizes), max(sizes), slope * 60, slope * (times[-1] - times[0]) <= allowed)


def count_stored(files: Sequence[Path], emitted: int) -> dict[str, int]:
    """Return how many of the numbered events stand in the ledger, and how many are missing or stand there twice."""
    times = bytearray(emitted + 1)
    for path in files:
        with path.open("rb") as lines:
            for line in lines:
                event = orjson.loads(line)
                number = event.get("attributes", {}).get(NUMBER)
                if event.get("service") == SERVICE and number is not None:
                    times[number] = min(times[number] + 1, 255)
    once = times.count(1)
    missing = times.count(0) - 1  # there is no event 0
    return {"stored": once, "missing": missing, "twice": emitted - once - missing}


def figures_of_server(samples: Sequence[Sample], emitted: int, rate: float) -> dict[str, Any]:
    """Return what the server's process took."""
    first, last = samples[0], samples[-1]
    full = FULL_AFTER / rate
    return {
        "most_own_mib": max(one.own for one in samples),
        "most_rss_mib": max(one.rss for one in samples),
        "growth": growth(((one.at, one.own) for one in samples), full, _SERVER_MIB),
        "cpu_share": (last.cpu - first.cpu) / max(last.at - first.at, 0.001),
        "cpu_microseconds_each": (last.cpu - first.cpu) / emitted * 1e6,
        "waited_by_minute": list(_waited_by_minute(samples)),
        "ledger_mib": last.ledger,
        "index_mib": last.index,
        "samples": [asdict(one) for one in samples],
    }


def _waited_by_minute(samples: Sequence[Sample]) -> Iterator[float]:
    """Yield how many milliseconds of each second its threads waited for a processor, minute by minute."""
    begin = samples[0]
    for sample in samples[1:]:
        if sample.at - begin.at >= _MINUTE or sample is samples[-1]:
            yield max(0.0, sample.waited - begin.waited) / (sample.at - begin.at) * 1000
            begin = sample


def figures_of_watchers(reader: Reader, slow: Watcher) -> dict[str, Any]:
    """Return what the two clients were told."""
    minutes = [delays_of(minute) for minute in reader.by_minute()]
    names = ("events", "counted", "dropped", "complaint")
    return {
        "reader": {
            **{name: getattr(reader, name) for name in names},
            "misplaced": reader.misplaced,
            "delay": delays_of(reader.delays),
            "delay_by_minute": minutes,
        },
        "slow": {name: getattr(slow, name) for name in names},
    }


def delays_of(seconds: Sequence[float]) -> dict[str, float]:
    """Return what half of the delays, all but one in a hundred, and all stay within, in milliseconds."""
    delays = sorted(seconds) or [0.0]
    shares = (("p50", 0.5), ("p99", 0.99), ("most", 1.0))
    return {name: delays[min(int(len(delays) * share), len(delays) - 1)] * 1000 for name, share in shares}


def figures_of_page(page: OpenPage) -> dict[str, Any]:
    """Return how the page fared."""
    samples = [asdict(sample) for sample in page.samples]
    frames = {f"{doing}_fps": [sample[doing] for sample in samples] for doing in ("following", "scrolling")}
    heap = growth(((sample["at"], sample["heap"]) for sample in samples), _PAGE_FULL_AFTER, _PAGE_MB)
    delays = [delay / 1000 for sample in samples for delay in sample.pop("delays")]
    return {
        **frames,
        "empty_fps": page.empty,
        "delay": delays_of(delays),
        "heap": heap,
        "complaints": page.complaints,
        "samples": samples,
    }


def faults_of(found: dict[str, Any]) -> list[str]:
    """Return what is not as it should be, in words."""
    emitted, reader, slow = found["program"]["emitted"], found["reader"], found["slow"]
    page = found.get("page", {"complaints": [], "heap": None})
    heard = slow["events"] + slow["counted"] + slow["dropped"]
    checks = {
        "the program could not hand over all": not found["program"]["is_safe"] or found["program"]["dropped"] > 0,
        "events are not in the ledger": found["ledger"]["missing"] > 0,
        "events stand in the ledger twice": found["ledger"]["twice"] > 0,
        "the index counts another number of events": found["indexed"] != emitted,
        "the reader did not get each event once, in order": reader["events"] != emitted or reader["misplaced"] > 0,
        "a connection broke": bool(reader["complaint"] or slow["complaint"]),
        "what the slow client was told is not all": heard != emitted,
        "the page complained": bool(page["complaints"]),
        "the server's memory grows": _grows(found["server"]["growth"]),
        "the page's heap grows": _grows(page["heap"]),
        "the server ended with an error": found["exit_code"] != 0,
    }
    return [fault for fault, is_so in checks.items() if is_so]


def table_of(found: dict[str, Any]) -> str:
    """Return the figures for people."""
    program, server, reader, slow = (found[name] for name in ("program", "server", "reader", "slow"))
    rows = [
        ("emitted", f"{program['emitted']:,} in {program['seconds']:,.0f} s"),
        ("stored once / missing / twice", " / ".join(f"{found['ledger'][key]:,}" for key in ("stored", "missing", "twice"))),
        ("in the index", f"{found['indexed']:,}"),
        ("the reader got / out of place", f"{reader['events']:,} / {reader['misplaced']:,}"),
        ("emit to reader, p50 / p99", f"{reader['delay']['p50']:,.0f} / {reader['delay']['p99']:,.0f} ms"),
        ("the same p99, minute by minute", ", ".join(f"{each['p99']:,.0f}" for each in reader["delay_by_minute"])),
        ("ms of a second that the server waited for a processor", ", ".join(f"{each:,.0f}" for each in server["waited_by_minute"])),
        ("the slow client got / as counts / in gaps", " / ".join(f"{slow[key]:,}" for key in ("events", "counted", "dropped"))),
        ("server's processor time", f"{server['cpu_share']:.0%} of a core, {server['cpu_microseconds_each']:.0f} µs an event"),
        ("server's memory, without and with mapped files", f"{server['most_own_mib']:.0f} and {server['most_rss_mib']:.0f} MiB at most"),
        (f"the same without, after {FULL_AFTER:,} events", _said(server["growth"], "MiB")),
        ("ledger / index", f"{server['ledger_mib']:,.0f} / {server['index_mib']:,.0f} MiB"),
    ]  # fmt: skip
    if page := found.get("page"):
        rows += [
            ("emit to a row on the page, p50 / p99", f"{page['delay']['p50']:,.0f} / {page['delay']['p99']:,.0f} ms"),
            ("frames a second, following", _range(page["following_fps"])),
            ("frames a second, scrolling", _range(page["scrolling_fps"])),
            ("frames a second, an empty page", _range(page["empty_fps"])),
            ("a scrolled frame's processor time, our script's / all, ms", _frame_costs(page["samples"])),
            (
                "tasks of the page's that took longer than a frame lasts",
                str(sum(each["work"]["long_tasks"] for each in page["samples"])),
            ),
            ("page's heap, after a minute", _said(page["heap"], "MB")),
        ]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _grows(size: Growth | None) -> bool:
    return size is not None and not size.is_flat


def _said(size: Growth | None, unit: str) -> str:
    if size is None:
        return "too short to tell"
    return f"{size.least:,.1f} to {size.most:,.1f} {unit}, {size.per_minute:+.2f} a minute"


def _frame_costs(samples: Sequence[dict[str, Any]]) -> str:
    works = [sample["work"] for sample in samples if sample["work"]["frames"]]
    if not works:
        return "not measured"
    return " / ".join(f"{statistics.median(work[name] for work in works):.1f}" for name in ("script", "whole"))


def _range(values: Sequence[float]) -> str:
    if not values:
        return "not measured"
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"
