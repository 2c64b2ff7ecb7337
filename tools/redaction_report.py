"""Print what the redactor finds by kind, and what it touches that is no secret, beside the scrubbers of others.

    python -m tools.redaction_report [--seed N] [--per-kind N] [--strings N] [--peers-python PATH | --install-peers]

The others (logfire, sentry-sdk) are tried where they are installed: in this Python, in the one at PATH, or in an
environment that `--install-peers` makes under build/ and leaves there for the next time. Ends with 1 if a kind is found
in less than 99 of 100 cases, or more than one in two hundred ordinary strings is touched.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from otel_events.redaction import Redactor
from tools.redaction_peers import score

ROOT = Path(__file__).resolve().parent.parent
LEAST_RECALL = 0.99
MOST_TOUCHED = 0.005
_PEERS = ("logfire", "sentry-sdk")


def main(arguments: list[str] | None = None) -> int:
    """Run the report; return 1 if it falls short."""
    options = _options(arguments)
    redactor = Redactor()
    ours = score(lambda given: dict(redactor.attributes(given)), options.seed, options.per_kind, options.strings)
    scores = {"otel_events": ours, **_peer_scores(options)}
    _print_table(scores)
    short = [kind for kind, recall in ours["recall"].items() if recall < LEAST_RECALL]
    too_many = ours["touched"] > MOST_TOUCHED * ours["ordinary"]
    if short:
        print(f"\nbelow {LEAST_RECALL:.0%}: {', '.join(short)}")
    if too_many:
        print(f"\nmore than {MOST_TOUCHED:.1%} of ordinary strings touched, mostly under {ours['by_key']}")
    return 1 if short or too_many else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="redaction_report", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-kind", type=int, default=50)
    parser.add_argument("--strings", type=int, default=10_000)
    parser.add_argument("--peers-python", type=Path, default=Path(sys.executable))
    parser.add_argument("--install-peers", action="store_true")
    options = parser.parse_args(arguments)
    if options.install_peers:
        options.peers_python = _install_peers()
    return options


def _install_peers() -> Path:
    folder = ROOT / "build" / "redaction-peers"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():
        venv.create(folder, with_pip=True)
    installed = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PEERS], check=False
    )
    if installed.returncode:
        print("the peers could not be installed; going on without those that are missing", file=sys.stderr)
    return python


def _peer_scores(options: argparse.Namespace) -> dict[str, Any]:
    command = [options.peers_python, ROOT / "tools" / "redaction_peers.py"]
    numbers = [str(number) for number in (options.seed, options.per_kind, options.strings)]
    ran = subprocess.run([*map(str, command), *numbers], capture_output=True, text=True, check=False)
    if ran.returncode:
        print(f"the peers failed and are left out: {ran.stderr.strip()[-300:]}", file=sys.stderr)
        return {}
    scores: dict[str, Any] = json.loads(ran.stdout)
    if not scores:
        print("no peer is installed; --install-peers tries them in an environment of their own", file=sys.stderr)
    return scores


def _print_table(scores: dict[str, dict[str, Any]]) -> None:
    ours = scores["otel_events"]
    print(f"{'recall by kind':<18}" + "".join(f"{name:>13}" for name in scores))
    for kind in ours["recall"]:
        _print_row(kind, scores, lambda one, kind=kind: one["recall"][kind])
    print(f"\n{'recall by place':<18}")
    for place in ours["places"]:
        _print_row(place, scores, lambda one, place=place: one["places"][place])
    print(f"\n{ours['tried']} secrets of {len(ours['recall'])} kinds, {ours['ordinary']} ordinary strings")
    _print_row("all secrets", scores, lambda one: one["found"] / one["tried"])
    _print_row("false positives", scores, lambda one: one["touched"] / one["ordinary"])
    print(f"{'µs a string':<18}" + "".join(f"{one['microseconds']:>13.1f}" for one in scores.values()))


def _print_row(title: str, scores: dict[str, dict[str, Any]], figure: Any) -> None:
    print(f"{title:<18}" + "".join(f"{figure(one):>13.2%}" for one in scores.values()))


if __name__ == "__main__":
    sys.exit(main())
