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
    parser.add_argument("--keep", action="store_true", help="leave the events' file where it is when the page ends")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops the backends too, as Ctrl-C does
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # no character is worth a crash on an old console
    directory = Path(tempfile.mkdtemp(prefix="otel-events-demo-"))
    will_keep = chosen.keep or chosen.backends  # whose files are what the backends are shown for
    try:
        if chosen.backends:
            from demo_backends import show_backends

            show_backends(directory)
        else:
            _show_server(directory, will_keep=chosen.keep)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        will_keep = chosen.keep
        print("\nstopped; nothing is left running", file=sys.stderr)
        return 130
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if not will_keep:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


def _show_server(directory: Path, *, will_keep: bool) -> None:
    """Show what happens on a page, for as long as is wished."""
    ledger, seconds = directory / "events.jsonl", seconds_to_stay()
    with running_server(ledger) as server:
        say(f"A server of this machine runs. {_where_to_look(server, seconds)}")
        say("Running examples/pipeline.py: three personas, three cycles; about five seconds.")
        emitted = run_pipeline({"OTEL_EXPORTER_OTLP_ENDPOINT": server.endpoint})
        events = read_events(ledger)
        show_story(events)
        show_totals(events, emitted)
        if seconds:
            say(_while_it_runs(ledger, server, seconds, will_keep=will_keep))
            server.stay(seconds)
    say("\nThe server has ended." if seconds else _afterwards(ledger, will_keep=will_keep))


def _where_to_look(server: DemoServer, seconds: float) -> str:
    """Open the page in a browser if somebody would look at it, else return how to: now, so that what comes is seen live."""
    if seconds and open_browser(server.login):
        return "Its page is open in your browser."
    return f"Its page, by a link that works once:\n  {server.login}"


def _while_it_runs(ledger: Path, server: DemoServer, seconds: float, *, will_keep: bool) -> str:
    """Return what can be done with the server and its events until they are gone."""
    python = short_path(sys.executable)
    until = "until Ctrl-C" if seconds == float("inf") else f"for {seconds:g} seconds, or until Ctrl-C"
    kept = "" if will_keep else ", until the server ends (`make demo KEEP=1` leaves them)"
    return f"""
These events are in{kept}
  {ledger}

What to do next, in another terminal:
  {python} -m otel_events stats {ledger}
  jq 'select(.event == "task.failed")' {ledger}
or with a program of your own, whose events then come up on the page too:
  export OTEL_EXPORTER_OTLP_ENDPOINT={server.endpoint}

And when this server has ended:
  {python} -m otel_events serve
  make demo BACKENDS=1

{_about_next()}

The server goes on {until}. Its page, by a link that works once:
  {server.new_login()}
(`{python} -m otel_events serve --print-login` makes another.)"""


def _about_next() -> str:
    return f"""`serve` shows the events of all your programs, live: where nothing is set they write to
  {default_path()}
`make demo BACKENDS=1` builds and starts a real Collector, with Jaeger and Loki behind it, and
shows the same event in all of them. Read examples/pipeline.py, then docs/getting-started.md."""


def _afterwards(ledger: Path, *, will_keep: bool) -> str:
    """Return what can be done when nobody stays to look at the page."""
    python = short_path(sys.executable)
    its_file = f"""
These events are in
  {ledger}

What to do next:
  {python} -m otel_events stats {ledger}
  jq 'select(.event == "task.failed")' {ledger}"""
    gone = """
Its events are gone with it.

What to do next:
  make demo KEEP=1                    # leaves the file of the events
  DEMO_SECONDS=60 make demo           # the server goes on for a minute"""
    return f"""
The server has ended.
{its_file if will_keep else gone}
  {python} -m otel_events serve
  make demo BACKENDS=1

{_about_next()}"""


if __name__ == "__main__":
    sys.exit(main())
