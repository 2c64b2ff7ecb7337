"""The demo through a real Collector, into its JSONL file, Jaeger and Loki: the same event, equal everywhere."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo_run import DemoError, read_events, run_pipeline, say, short_path
from demo_story import show_totals

from tools.backends.builder import build, missing
from tools.backends.cache import Cache
from tools.backends.process import BackendError
from tools.backends.stack import Stack, running_stack
from tools.backends.steps import BuildError
from tools.backends.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from otel_events.event import Event

_SERVICE = "orchestrator"
_TASK = "challenge-2"
_QUERY = f'{{event_name="claim.challenged"}} | task_id="{_TASK}"'
_NEXT_STEPS = """
What to do next:
  {python} -m tools.backends run      # all three until Ctrl-C; says where they listen
  docker compose up -d --wait         # or in containers, with Grafana in front
Read docs/collector.md."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event as one place holds it.

    Attributes:
        clock: how many nanoseconds the place's clock ticks in; Jaeger's API rounds to microseconds.
    """

    name: str
    uid: str
    trace_id: str
    timestamp: int
    strength: float
    clock: int = 1


def show_backends(directory: Path) -> None:
    """Start the backends, run the pipeline against them, show what each holds, and stop them."""
    try:
        _build()
        say("Starting the Collector, Jaeger and Loki on free ports.")
        with running_stack(directory) as stack:
            _run_and_show(stack, directory)
    except (BackendError, BuildError, TimeoutError) as error:
        raise DemoError(str(error)) from error
    finally:
        for name in ("jaeger", "loki"):  # their storage is of no use without them; files and logs stay
            shutil.rmtree(directory / name, ignore_errors=True)
    say(f"\nThe backends are stopped. The ledger, the Collector's files and all logs are in {directory}")
    say(_NEXT_STEPS.format(python=short_path(sys.executable)))


def _build() -> None:
    cache = Cache.of_user()
    if missing(cache):
        build(cache)


def _run_and_show(stack: Stack, directory: Path) -> None:
    ledger = directory / "events.jsonl"
    endpoint = stack.collector.http_endpoint
    say(f"Running OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} python examples/pipeline.py (with a ledger beside).")
    emitted = run_pipeline({"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_EVENTS_LEDGER_PATH": str(ledger)})
    events = read_events(ledger)
    show_totals(events, emitted)
    (chosen,) = (
        event for event in events if event.name == "claim.challenged" and event.all_attributes().get("task_id") == _TASK
    )
    places = {
        "ledger": _from_ledger(chosen),
        "Collector": _show_collector(stack, emitted, chosen.uid),
        "Jaeger": _show_jaeger(stack, chosen.uid),
        "Loki": _show_loki(stack),
    }
    _compare(places)


def _from_ledger(event: Event) -> Seen:
    strength = event.attributes["strength"]
    assert isinstance(strength, float)
    return Seen(event.name, event.uid, f"{event.trace_id:032x}", event.timestamp, strength)


def _show_collector(stack: Stack, emitted: int, uid: str) -> Seen:
    rows = wait_for(lambda: _if_all(_told(stack), emitted), f"{emitted} events in the Collector's file")
    spans = stack.collector.spans()
    say(f"\nThe Collector's JSONL: {stack.collector.events_path}")
    say(f"  {len(rows)} events; {len(spans)} spans in traces.jsonl beside it")
    row = next(row for row in rows if row["attributes"].get("log.record.uid") == uid)
    known = row["attributes"]
    say(f"  one of them: {row['name']}, task_id={known['task_id']} persona={known['persona']} cycle={known['cycle']}")
    return Seen(row["name"], uid, row["trace_id"], row["time_unix_nano"], known["strength"])


def _show_jaeger(stack: Stack, uid: str) -> Seen:
    question = {"task_id": _TASK}
    found = wait_for(lambda: stack.jaeger.spans(_SERVICE, question), f"the trace of {_TASK} in Jaeger")
    span = next(span for span in found if span["attributes"].get("task_id") == _TASK)
    say(f"\nJaeger: service={_SERVICE} tags={question}")
    say(f"  span {span['name']}, {span['duration_micro'] / 1e6:.2f} s, in a trace of {len(found)}, with span events:")
    for event in span["events"]:
        after = (event["time_unix_micro"] - span["start_time_unix_micro"]) / 1e6
        say(f"  {after:6.2f} s  {event['name']}")
    event = next(event for event in span["events"] if event["attributes"].get("log.record.uid") == uid)
    timestamp = event["time_unix_micro"] * 1000
    return Seen(event["name"], uid, span["trace_id"], timestamp, event["attributes"]["strength"], clock=1000)


def _show_loki(stack: Stack) -> Seen:
    (row,) = wait_for(lambda: stack.loki.query(_QUERY), f"the events of {_TASK} in Loki")
    known = row["attributes"]
    say(f"\nLoki: {_QUERY}")
    say(f"  {row['body']}  persona={known['persona']} cycle={known['cycle']} strength={known['strength']}")
    uid = known["log_record_uid"]  # Loki has no dots in names, and no types: every value is text
    return Seen(known["event_name"], uid, known["trace_id"], row["time_unix_nano"], float(known["strength"]))


def _told(stack: Stack) -> list[dict[str, Any]]:
    """Return the program's events: what the writer says of itself is no part of the story."""
    return [row for row in stack.collector.events() if not row["name"].startswith("otel_events.")]


def _if_all(rows: list[dict[str, Any]], expected: int) -> list[dict[str, Any]]:
    return rows if len(rows) >= expected else []


def _compare(places: Mapping[str, Seen]) -> None:
    """Print one event's facts, and in which places they are the same as in the ledger."""
    truth = places["ledger"]
    facts = {"name": truth.name, "uid": truth.uid, "trace id": truth.trace_id}
    facts |= {"timestamp": str(truth.timestamp), "strength": str(truth.strength)}
    say("\nThe same event everywhere:\n")
    say(f"  {'':<10} {'in the ledger':<34} " + " ".join(f"{name:<10}" for name in places if name != "ledger").rstrip())
    unequal = []
    for fact, text in facts.items():
        answers = []
        for name, seen in places.items():
            is_equal, note = _is_equal(fact, seen, truth)
            answers.append(note)
            unequal += [] if is_equal else [f"{fact} in {name}"]
        say(f"  {fact:<10} {text:<34} " + " ".join(f"{answer:<10}" for answer in answers[1:]).rstrip())
    if unequal:
        raise DemoError(f"not the same: {', '.join(unequal)}")


def _is_equal(fact: str, seen: Seen, truth: Seen) -> tuple[bool, str]:
    if fact == "timestamp":
        is_equal = truth.timestamp // seen.clock == seen.timestamp // seen.clock
        return is_equal, ("same (µs)" if seen.clock > 1 else "same") if is_equal else "DIFFERS"
    field = fact.replace(" ", "_")
    is_equal = getattr(seen, field) == getattr(truth, field)
    return is_equal, "same" if is_equal else "DIFFERS"
