"""Segments that a disk has damaged, that a later version has written, or that are none of ours."""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from otel_events.pipeline.writer_events import STARTED, STOPPED
from otel_events.spool.segment import HEADER_BYTES
from tests.acceptor import HttpAcceptor, accept, answer_with
from tools.faults.accounting import check_equation, check_program, count_dropped, is_told
from tools.faults.report import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.acceptor import Request
    from tools.faults.laboratory import Ended, Laboratory, Place

_VERSION_AT = 8
_CRC_BYTES = 4
_BLOCK = 4096


def _flip_bit(segment: Path, chance: random.Random) -> None:
    data = bytearray(segment.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    segment.write_bytes(data)


def _zero_block(segment: Path, chance: random.Random) -> None:
    data = bytearray(segment.read_bytes())
    at = chance.randrange(max(1, len(data) // _BLOCK)) * _BLOCK
    size = min(_BLOCK, len(data) - at)
    data[at : at + size] = bytes(size)
    segment.write_bytes(data)


def _truncate(segment: Path, chance: random.Random) -> None:
    segment.write_bytes(segment.read_bytes()[: chance.randrange(1, segment.stat().st_size)])


def _empty(segment: Path, _: random.Random) -> None:
    segment.write_bytes(b"")


def _overwrite(segment: Path, chance: random.Random) -> None:
    segment.write_bytes(chance.randbytes(segment.stat().st_size))


def _make_newer(segment: Path, _: random.Random) -> None:
    data = bytearray(segment.read_bytes())
    data[_VERSION_AT] = 99
    end = HEADER_BYTES - _CRC_BYTES
    data[end:HEADER_BYTES] = zlib.crc32(bytes(data[:end])).to_bytes(_CRC_BYTES, "little")
    segment.write_bytes(data)


def _add_foreign(segment: Path, chance: random.Random) -> None:
    for name in ("README.txt", "0000000001-x.spool", ".hidden", "core.lock", f"{segment.name}~"):
        (segment.parent / name).write_bytes(chance.randbytes(1000))
    (segment.parent / "a-directory.spool").mkdir()


@dataclass(frozen=True, slots=True)
class _Damage:
    """What is done to a segment; *keeps* if nothing in the directory may be deleted by it."""

    do: Callable[[Path, random.Random], None]
    keeps: bool = False
    harmless: bool = False


_DAMAGES = {
    "a bit flipped": _Damage(_flip_bit),
    "a block zeroed": _Damage(_zero_block),
    "truncated": _Damage(_truncate),
    "empty": _Damage(_empty),
    "garbage": _Damage(_overwrite),
    "a later version's": _Damage(_make_newer, keeps=True),
    "foreign files beside it": _Damage(_add_foreign, keeps=True, harmless=True),
}
NAMES = tuple(_DAMAGES)


@dataclass(slots=True)
class _Sums:
    events: int = 0
    gone: int = 0
    counted: int = 0
    silent: int = 0
    told: int = 0
    unclean: int = 0
    duplicated: int = 0
    problems: list[str] = field(default_factory=list)


def try_damage(laboratory: Laboratory, fault: str, mode: str) -> Finding:
    """Let a program leave a segment, damage it, and let the next process send what is left of it."""
    trials = laboratory.choose(2, 20)
    chance = random.Random(f"damage {fault}")
    sums = _Sums()
    for trial in range(trials):
        place = laboratory.place(f"damage-{NAMES.index(fault)}-{mode}-{trial}", mode)
        _try_once(place, _DAMAGES[fault], chance, sums)
    return Finding(
        fault=f"segment: {fault}",
        mode=mode,
        trials=trials,
        events=sums.events,
        acknowledged=sums.events - sums.gone,
        lost=sums.silent,
        duplicated=sums.duplicated,
        told=sums.told,
        figures=f"{sums.gone:,} not sent, {sums.counted:,} of them counted; {sums.unclean} writers without an end",
        problems=tuple(sorted(set(sums.problems))),
    )


def _try_once(place: Place, damage: _Damage, chance: random.Random, sums: _Sums) -> None:
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        settings = {"max_export_batch_size": 50}
        ended = place.run("burst", endpoint, count=600, pause=0.06, is_named=True, settings=settings, flush=0)
        segments = sorted(place.spools.rglob("*.spool"))
        damage.do(chance.choice(segments), chance)
        files = {path: path.read_bytes() for path in place.spools.rglob("*") if path.is_file()} if damage.keeps else {}
        acceptor.usual = accept
        healed = len(acceptor.requests)
        # It is sent whether or not another process can see how much there is.
        rest = [place.run("successor", endpoint, at_least=0.6)]
        _judge(
            ended, rest, acceptor.names, _is_unclean(ended.stats["writer"], acceptor.requests[healed:]), damage, sums
        )
    kept = [path for path in files if path.suffix != ".lock" and path.name != "about.json"]
    touched = [path.name for path in kept if path not in segments and not _is_same(path, files[path])]
    if damage.keeps and not damage.harmless:
        touched += [path.name for path in segments if not _is_same(path, files[path])]
    sums.problems += [f"{name} was touched, and is not ours to touch" for name in touched]


def _judge(
    ended: Ended, rest: list[Ended], names: Sequence[str], is_unclean: bool, damage: _Damage, sums: _Sums
) -> None:
    missing = ended.stats["emitted"] - len(set(names))
    counted = sum(count_dropped(rest).values())
    is_known = any(is_told(one) for one in rest)
    sums.events += ended.stats["emitted"]
    sums.gone += missing
    sums.counted += min(missing, counted)
    sums.unclean += is_unclean
    # What was cut off at the end left nothing to count: that its writer never said that it stopped tells of it.
    sums.silent += 0 if is_unclean or is_known else missing
    sums.told += is_known or is_unclean
    sums.duplicated += len(names) - len(set(names))
    sums.problems += [*check_program(ended), *(problem for one in rest for problem in check_equation(one.stats))]
    sums.problems += [f"the next process ended with {one.code}: {one.warned[-200:]}" for one in rest if one.code]
    if damage.harmless and missing:
        sums.problems.append(f"{missing} events were lost to files beside them")


def _is_unclean(writer: str, requests: Sequence[Request]) -> bool:
    """Return whether *writer* said that it started, and not that it stopped."""
    said = {
        record.event_name
        for request in requests
        for group in ExportLogsServiceRequest.FromString(request.posted).resource_logs
        for scoped in group.scope_logs
        for record in scoped.log_records
        for pair in record.attributes
        if pair.key == "log.record.uid" and pair.value.string_value.startswith(writer)
    }
    return STARTED in said and STOPPED not in said


def _is_same(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content
