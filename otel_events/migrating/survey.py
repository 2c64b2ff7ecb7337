"""Where the files beneath a path use old systems, one file after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_events.migrating.program import Program, UnparsableError
from otel_events.migrating.site import Site
from otel_events.migrating.source_files import SourceFileError, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from otel_events.migrating.systems import Modules

_SCRIPT = re.compile(rb"[\w$./\\\"' &]{0,300}\bemit_event\.ps1\b.*")
_SCRIPT_SUFFIXES = (".ps1", ".psm1")


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What was found in one file.

    Attributes:
        path: of it.
        sites: the uses of old systems in it.
        source: what it holds.
        problem: why it could not be read or parsed; empty if it could.
        program: if it is Python, and uses an old system.
    """

    path: Path
    sites: tuple[Site, ...] = ()
    source: bytes = b""
    problem: str = ""
    program: Program | None = None


def survey(files: Iterable[Path], modules: Modules, advance: Callable[[int], None] | None = None) -> Iterator[Surveyed]:
    """Yield what was found in each of *files* in which something was found, or that could not be read.

    Args:
        files: of Python and PowerShell.
        modules: which modules are old systems.
        advance: is told how many files were looked at.
    """
    mentions = re.compile(b"|".join(sorted(re.escape(word).encode() for word in modules.words())))
    for number, path in enumerate(files, start=1):
        if advance is not None:
            advance(number)
        try:
            source = read_source(path)
        except SourceFileError as error:
            yield Surveyed(path, problem=str(error).removeprefix(f"{path} "))
            continue
        if path.name.endswith(_SCRIPT_SUFFIXES):
            sites = tuple(_script_sites(source))
            if sites:
                yield Surveyed(path, sites, source)
        elif mentions.search(source):
            found = _look_into(path, source, modules)
            if found.sites or found.problem:
                yield found


def _look_into(path: Path, source: bytes, modules: Modules) -> Surveyed:
    try:
        program = Program(source, modules)
        return Surveyed(path, tuple(program.sites), source, program=program)
    except UnparsableError as error:
        return Surveyed(path, problem=str(error))
    except RecursionError:  # thousands of terms in one expression: made by a machine
        return Surveyed(path, problem="an expression in it is nested too deep")


def _script_sites(source: bytes) -> Iterator[Site]:
    text = source.decode("utf-16" if source[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), start=1):
        is_call = "emit_event.ps1" in line and not line.lstrip().startswith("#")
        match = _SCRIPT.search(line.encode()) if is_call else None
        if match is not None:
            note = (
                "`otel-events languages powershell` copies a script of that name, with those parameters, "
                "which appends the line and sends the event"
            )
            yield Site(number, match.start() + 1, "A", "script", line.strip(), note=note)
