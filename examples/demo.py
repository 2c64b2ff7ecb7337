"""Run pipeline.py and show its events on a page: `make demo`, or `make demo BACKENDS=1` in a Collector, Jaeger, Loki."""

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
from demo_server import DemoServer, open_browser, running_server, seconds_to_stay  # noqa: E402
from demo_story import show_story, show_totals  # noqa: E402

from otel_events.sinks.ledger import default_path  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit code."""
    parser = argparse.ArgumentParser(description="Run examples/pipeline.py and show its events, on a page and here.")
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
            _show_server(directory)
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


def _show_server(directory: Path) -> None:
    ledger, seconds = directory / "events.jsonl", seconds_to_stay()
    with running_server(ledger) as server:
        say(f"A server of this machine runs. Its page, by a link that works once:\n\n  {server.login}\n")
        if seconds and open_browser(server.login):
            say("It is open in your browser.")
        say("Running examples/pipeline.py: three personas, three cycles; about five seconds.")
        emitted = run_pipeline({"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint})
        events = read_events(ledger)
        show_story(events)
        show_totals(events, emitted)
        print(_next_steps(ledger, server if seconds else None))
        sys.stdout.flush()
        server.stay(seconds)


def _next_steps(ledger: Path, server: DemoServer | None) -> str:
    python = short_path(sys.executable)
    page = (
        f"""

The server goes on until Ctrl-C. Its page, by a new link that works once:
  {server.new_login()}"""
        if server
        else ""
    )
    return f"""
These events are in
  {ledger}
Where nothing is set, all programs of yours write to
  {default_path()}

What to do next:
  {python} -m otel_events serve
  {python} -m otel_events stats {ledger}
  jq 'select(.event == "task.failed")' {ledger}
  make demo BACKENDS=1

`serve` shows the events of all your programs, live; the last line builds and starts
a real Collector, with Jaeger and Loki behind it, and shows the same event in all of them.
Read examples/pipeline.py, then docs/getting-started.md.{page}"""


if __name__ == "__main__":
    sys.exit(main())
