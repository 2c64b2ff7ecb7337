"""A disk that is full, read-only or gone, and a spool directory that is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.acceptor import HttpAcceptor, accept, answer_with
from tools.faults.accounting import check_equation, check_program, count_dropped, count_lost, is_told, needs_telling
from tools.faults.laboratory import SERVICE
from tools.faults.report import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tools.faults.laboratory import Ended, Laboratory, Place

_FULL_KIB = 2048
_NOBODY = 65534
_RETRY_SECONDS = 6  # the spool tries a failed disk again every five


@contextmanager
def _file_system(at: Path, *options: str) -> Iterator[None]:
    at.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", ",".join((f"size={_FULL_KIB}k", *options)), "tmpfs", str(at)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


@contextmanager
def _full(place: Place) -> Iterator[None]:
    with _file_system(place.spools):
        (place.spools / "filler").write_bytes(bytes(1960 << 10))
        yield


@contextmanager
def _read_only(place: Place) -> Iterator[None]:
    with _file_system(place.spools, "ro"):
        yield


@contextmanager
def _as_it_is(_: Place) -> Iterator[None]:
    yield


@contextmanager
def _file(place: Place) -> Iterator[None]:
    place.directory_made()
    place.spools.write_text("mine")
    yield
    assert place.spools.read_text() == "mine"


@contextmanager
def _link(place: Place) -> Iterator[None]:
    elsewhere = place.directory_made() / "elsewhere"
    elsewhere.mkdir()
    place.spools.symlink_to(elsewhere)
    yield
    assert place.spools.is_symlink()
    assert not list(elsewhere.iterdir()), "something was written through a symbolic link"


@contextmanager
def _another_users(place: Place) -> Iterator[None]:
    place.spools.mkdir(parents=True)
    os.chown(place.spools, _NOBODY, _NOBODY)
    yield
    assert not list(place.spools.iterdir()), "something was written to another user's directory"


@dataclass(frozen=True, slots=True)
class _Disk:
    """A fault of the disk.

    Attributes:
        prepare: makes it, and undoes it.
        steps: what the program does meanwhile, with `SPOOLS` for the directory.
        reasons: what events may be counted as dropped for.
        is_away: the Collector answers 503 until the program has ended.
        needs_root: only root may make it.
    """

    prepare: Callable[[Place], Any]
    steps: tuple[tuple[Any, ...], ...] = (("emit", 1500), ("sleep", 0.2), ("emit", 1500))
    reasons: frozenset[str] = frozenset()
    is_away: bool = False
    needs_root: bool = False


_AT_THE_END = frozenset({"shutdown"})
_FREED = (
    ("emit", 3000),
    ("sleep", 0.3),
    ("unlink", "SPOOLS/filler"),
    ("sleep", _RETRY_SECONDS),
    ("emit", 10),
    ("sleep", 0.3),
)
_VANISHED = (("emit", 1500), ("sleep", 0.2), ("remove", "SPOOLS"), ("emit", 1500), ("sleep", 0.2))
_FAULTS = {
    "full": _Disk(_full, needs_root=True),
    "full, Collector away": _Disk(_full, reasons=_AT_THE_END, is_away=True, needs_root=True),
    "full, then freed": _Disk(_full, _FREED, is_away=True, needs_root=True),
    "read-only": _Disk(_read_only, needs_root=True),
    "read-only, Collector away": _Disk(_read_only, reasons=_AT_THE_END, is_away=True, needs_root=True),
    "files bounded (RLIMIT_FSIZE)": _Disk(_as_it_is, (("bound", 40_000), ("emit", 3000))),
    "files bounded, Collector away": _Disk(_as_it_is, (("bound", 40_000), ("emit", 3000)), is_away=True),
    "directory is a file": _Disk(_file),
    "directory is a symbolic link": _Disk(_link),
    "directory is another user's": _Disk(_another_users, needs_root=True),
    "directory vanishes": _Disk(_as_it_is, _VANISHED),
    "directory vanishes, Collector away": _Disk(_as_it_is, _VANISHED, frozenset({"spool_vanished"}), is_away=True),
}
NAMES = tuple(_FAULTS)


def try_disk(laboratory: Laboratory, fault: str, mode: str) -> Finding:
    """Let a program emit while the disk fails; then let the next process send what is there."""
    disk = _FAULTS[fault]
    if disk.needs_root and (os.geteuid() != 0 or shutil.which("mount") is None):
        return Finding(f"disk: {fault}", mode, 0, 0, 0, 0, 0, 0, "not tried: only root can")
    place = laboratory.place(f"disk-{NAMES.index(fault)}-{mode}", mode)
    steps = [
        [str(place.spools) + str(one)[6:] if str(one).startswith("SPOOLS") else one for one in step]
        for step in disk.steps
    ]
    with HttpAcceptor() as acceptor, disk.prepare(place):
        acceptor.usual = answer_with(503) if disk.is_away else accept
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        ended = place.run("burst", endpoint, steps=steps, is_named=True, settings={"max_export_batch_size": 100})
        acceptor.usual = accept
        rest = place.send_rest(endpoint)
        names = list(acceptor.names)
    return _judge(f"disk: {fault}", mode, ended, rest, names, disk.reasons)


def try_journal_alone(laboratory: Laboratory, mode: str) -> Finding:
    """Let the journal be written and the spool not, and kill the program: what `emit` had acknowledged is in the journal."""
    count = 300
    place = laboratory.place(f"journal-alone-{mode}", mode)
    place.spools.mkdir(parents=True, mode=0o700)
    in_the_way = place.spools / SERVICE
    in_the_way.write_text("mine")
    with HttpAcceptor() as acceptor:
        acceptor.usual = answer_with(503)
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        ended = place.run("burst", endpoint, steps=[["emit", count], ["sleep", 0.5], ["kill"]], is_named=True)
        in_the_way.unlink()
        acceptor.usual = accept
        place.send_rest(endpoint)
        names = list(acceptor.names)
    return Finding(
        fault="disk: only the journal can be written, then kill -9",
        mode=mode,
        trials=1,
        events=count,
        acknowledged=count,
        lost=count - len(set(names)),
        duplicated=len(names) - len(set(names)),
        told=int("kept in memory" in ended.warned),
    )


_TOLD = re.compile(r"(cannot be written \([^)]*\)|[0-9]+ records dropped: [^;\n]*)")


def _judge(
    fault: str, mode: str, ended: Ended, rest: list[Ended], names: list[str], reasons: frozenset[str]
) -> Finding:
    emitted, programs = ended.stats["emitted"], [ended, *rest]
    dropped = count_dropped(programs)
    problems = [*check_program(ended), *(problem for one in rest for problem in check_equation(one.stats))]
    if unexpected := dropped.keys() - reasons:
        problems.append(f"dropped for {', '.join(sorted(unexpected))}: {dropped}")
    if dropped and ended.said["flush"] and ended.said["shutdown"]:
        problems.append("flush and shutdown said True, and events were dropped")
    if needs_telling(ended) and not is_told(ended):
        problems.append("nothing was told")
    figures = [f"dropped {dropped}"] if dropped else []
    figures += [f"told: {reason[1]}"] if (reason := _TOLD.search(ended.warned)) else []
    return Finding(
        fault=fault,
        mode=mode,
        trials=1,
        events=emitted,
        acknowledged=emitted,
        lost=count_lost(emitted - len(set(names)), programs),
        duplicated=len(names) - len(set(names)),
        told=int(is_told(ended)),
        figures="; ".join(figures),
        problems=tuple(problems),
    )
