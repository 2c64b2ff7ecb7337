"""Run pipeline.py and show what it left behind: `make demo`, or `make demo BACKENDS=1` with a Collector, Jaeger, Loki."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # it also runs from a checkout that nobody has installed

from demo_run import DemoError, read_events, run_pipeline, say, short_path  # noqa: E402
from demo_story import show_story, show_totals  # noqa: E402

from otel_events.sinks.ledger import default_path  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description="Run examples/pipeline.py and show its events.")
    parser.add_argument("--backends", action="store_true", help="through a real Collector, into Jaeger and Loki")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the backends too, as Ctrl-C does
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # no character is worth a crash on an old console
    directory = Path(tempfile.mkdtemp(prefix="otel-events-demo-"))
    try:
        if chosen.backends:
            from demo_backends import show_backends

            show_backends(directory)
        else:
            _show_ledger(directory)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        shutil.rmtree(directory, ignore_errors=True)
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _show_ledger(directory: Path) -> None:
    ledger = directory / "events.jsonl"
    say("Running examples/pipeline.py: three personas, three cycles; about five seconds.")
    emitted = run_pipeline({"OTEL_EVENTS_LEDGER_PATH": str(ledger)})
    events = read_events(ledger)
    show_story(events)
    show_totals(events, emitted)
    print(_next_steps(ledger))


def _next_steps(ledger: Path) -> str:
    return f"""
These events are in
  {ledger}
Where nothing is set, all programs of yours write to
  {default_path()}

What to do next:
  jq -c '[.time, .persona, .event, .message]' {ledger}
  jq 'select(.event == "task.failed")' {ledger}
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 {short_path(sys.executable)} examples/pipeline.py
  make demo BACKENDS=1

The third sends to your own Collector; the last builds and starts a real one,
with Jaeger and Loki behind it, and shows the same event in all of them.
Read examples/pipeline.py, then docs/getting-started.md."""


if __name__ == "__main__":
    sys.exit(main())
