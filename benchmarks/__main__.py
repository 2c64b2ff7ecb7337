"""The bench's command line."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import report
from benchmarks.contest import FULL, QUICK, Bench
from benchmarks.machine import describe_machine
from benchmarks.processes import ROOT, scratch
from benchmarks.results import Line
from benchmarks.rows import ROWS
from benchmarks.rows.instructions import record

if TYPE_CHECKING:
    from collections.abc import Sequence


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes instead of ten")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="only this row; may be repeated")
    parser.add_argument("--list", action="store_true", help="name the rows")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "benchmarks.json", help="where to write JSON")
    parser.add_argument(
        "--page", type=Path, help="where to write the page; docs/benchmarks.md if all rows are measured"
    )
    parser.add_argument(
        "--record", action="store_true", help="make the instruction counts of this run the recorded ones"
    )
    parser.add_argument("--check", action="store_true", help="exit with 1 if a figure is below what must hold")
    return parser.parse_args()


def _measure(bench: Bench, names: Sequence[str]) -> list[Line]:
    lines: list[Line] = []
    for name in names:
        began = time.perf_counter()
        try:
            found = ROWS[name](bench)
        except Exception as error:  # one row that fails must not take the others with it; the table says so
            found = [Line(name, f"row {name}", "", note=f"FAILED: {error}")]
        lines += found
        bench.tell(f"{name}: {time.perf_counter() - began:.0f} s")
    return lines


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> int:
    """Measure, print, write."""
    arguments = _arguments()
    if arguments.list:
        print("\n".join(f"{name:14}{(row.__doc__ or '').splitlines()[0]}" for name, row in ROWS.items()))
        return 0
    effort = QUICK if arguments.quick else FULL
    machine = describe_machine()
    with scratch() as home:
        bench = Bench(home, effort)
        try:
            lines = _measure(bench, arguments.row or list(ROWS))
        finally:
            bench.close()
    print("\n\n".join((report.main_table(lines), report.peers_table(lines), report.notes(lines))))
    _write(arguments.json, report.as_json(lines, machine, effort.name))
    page = arguments.page or (None if arguments.row else ROOT / "docs" / "benchmarks.md")
    if page is not None:
        _write(page, report.as_page(lines, machine, effort.name))
    if arguments.record:
        record([line for line in lines if line.row == "instructions"])
    is_kept = all(line.verdict is None or line.verdict[1] for line in lines)
    return 1 if arguments.check and not is_kept else 0


if __name__ == "__main__":
    sys.exit(main())
