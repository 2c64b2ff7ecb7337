"""The command line: `python -m tools.faults [--quick] [--only NAME] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tools.faults.catalogue import FAULTS, run_fault
from tools.faults.laboratory import Laboratory
from tools.faults.report import Finding, render_table


def main(arguments: list[str] | None = None) -> int:
    """Try the faults; return 1 if anything acknowledged was lost, or anything was silent."""
    parser = argparse.ArgumentParser(prog="python -m tools.faults", description=sys.modules[__package__].__doc__)
    parser.add_argument("--quick", action="store_true", help="the short form: fewer trials, smaller numbers")
    parser.add_argument("--only", action="append", metavar="NAME", help="only faults whose name begins so")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    parser.add_argument("--list", action="store_true", help="name the faults, and try none")
    chosen = parser.parse_args(arguments)
    names = [name for name in FAULTS if not chosen.only or name.startswith(tuple(chosen.only))]
    if chosen.list:
        print("\n".join(names))
        return 0
    if not names:
        parser.error(f"no such fault; there are {', '.join(FAULTS)}")
    findings = _try_all(names, is_quick=chosen.quick)
    print("\n" + render_table(findings))
    if chosen.json:
        chosen.json.write_text(json.dumps([finding.as_dict() for finding in findings], indent=1), encoding="utf-8")
    return 0 if all(finding.holds for finding in findings) else 1


def _try_all(names: list[str], *, is_quick: bool) -> list[Finding]:
    began = time.monotonic()
    directory = Path(tempfile.mkdtemp(prefix="otel-events-faults-"))

    def tell(what: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {what}", file=sys.stderr, flush=True)

    laboratory = Laboratory(directory, is_quick=is_quick, tell=tell)
    findings: list[Finding] = []
    try:
        for name in names:
            found = run_fault(name, laboratory)
            findings += found
            broken = "; ".join(problem for one in found for problem in one.broken)
            tell(f"{name}: {f'BROKEN: {broken}' if broken else 'holds'}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return findings


if __name__ == "__main__":
    sys.exit(main())
