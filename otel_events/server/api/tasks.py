"""Tasks and traces: what began, what came of it, and what happened inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.filter_language import Clause, Condition, FilterSettings
from otel_events.server.api import parameters, schemas
from otel_events.server.api.events import as_json
from otel_events.server.api.instants import SECOND, instant
from otel_events.server.api.operation import Operation
from otel_events.server.api.parameters import RUN, SINCE, TEXT, UNTIL, Parameter, choice
from otel_events.server.api.problem import not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_events.server.server import Server
    from otel_events.server.store.views import Views

_MOST_EVENTS = 1_000
_MOST_CHILDREN = 1_000
_MOST_ANCESTORS = 100
_MOST_RUNS = 100
_INNER = ("writer", "first_time", "first_seq", "last_seq")


def list_tasks(
    server: Server,
    *,
    state: str | None,
    since: int | None,
    until: int | None,
    session: str | None,
    session_run: int | None = None,
    cycle: str | None,
    cycle_run: int | None = None,
    persona: str | None,
    limit: int,
) -> dict[str, Any]:
    """Return tasks, each run of them by itself, the latest first."""
    found = server.store.views.tasks(
        state=state,
        since=since,
        until=until,
        limit=limit,
        session_id=session,
        session_run=session_run,
        cycle=as_cycle(cycle),
        cycle_run=cycle_run,
        persona=persona,
    )
    return {"tasks": [_task(task) for task in found]}


def get_task(server: Server, *, task_id: str, run: int | None) -> dict[str, Any]:
    """Return one run of a task with those above and beneath it, its events and its spans."""
    views = server.store.views
    task = views.task(task_id, run)
    if task is None:
        raise not_found(f"task {task_id!r:.200}" + ("" if run is None else f", run {run},"))
    number = task["run"]
    events = server.store.select(with_value("task_id", task_id), limit=_MOST_EVENTS, run=number)
    runs = views.tasks(task_id=task_id, limit=_MOST_RUNS) if task["runs"] > 1 else [task]
    return {
        "task": _task(task),
        "ancestors": [_task(each) for each in reversed(_ancestors(views, task))],
        "children": [_task(each) for each in views.beneath(task_id, number, limit=_MOST_CHILDREN)],
        "events": [as_json(event) for event in events],
        "spans": [_span(span) for span in views.spans(task_id=task_id, run=number)],
        "runs": [_task(each) for each in sorted(runs, key=lambda each: -each["run"])],
    }


def _ancestors(views: Views, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of tasks above *task*, the nearest first."""
    found: list[dict[str, Any]] = []
    seen = {task["task_id"]}
    above: Mapping[str, Any] | None = task
    while above is not None and len(found) < _MOST_ANCESTORS:
        parent = above["parent_task_id"]
        if not parent or parent in seen:
            break
        seen.add(parent)
        above = views.task(parent, above["parent_run"])
        if above is not None:
            found.append(dict(above))
    return found


def get_trace(server: Server, *, trace_id: str) -> dict[str, Any]:
    """Return the spans and events of a trace."""
    wanted = trace_id.lower()
    events = server.store.select(with_value("trace_id", wanted), limit=_MOST_EVENTS)
    spans = server.store.views.spans(trace_id=wanted)
    if not events and not spans:
        raise not_found(f"trace {trace_id!r:.60}")
    return {"spans": [_span(span) for span in spans], "events": [as_json(event) for event in events]}


def with_value(key: str, value: str) -> FilterSettings:
    """Return the filter of what has *value* under *key*, whatever characters it consists of."""
    return FilterSettings((Clause(conditions=(Condition(key, "=", _verbatim(value)),)),))


def as_cycle(text: str | None) -> str | int | None:
    """Return the cycle that *text* names: most have numbers."""
    is_number = text is not None and text.lstrip("-").isdecimal() and text.isascii() and len(text) <= 18
    return int(text) if is_number and text is not None else text


def _verbatim(value: str) -> str:
    """Return the pattern that fits *value* alone."""
    return "".join(f"[{each}]" if each in "*?[" else each for each in value)


def _task(task: Mapping[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in task.items() if key not in _INNER}
    shown |= {key: instant(task[key]) for key in ("started", "ended", "writer_last")}
    return shown


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **span,
        "started": instant(span["started"]),
        "ended": instant(span["ended"]),
        "duration": (span["ended"] - span["started"]) / SECOND,
    }


OPERATIONS = (
    Operation(
        "/api/tasks",
        list_tasks,
        "Tasks, those with the latest events first. An id that is used again has a row for each run: `run` is its number, in the"
        " order in which they came, `runs` how many there have been. `events` are those that carry the id; those of tasks"
        " beneath it count there. Of one that did not say that it ended, `writer_last` is when anything last came of its program:"
        " one that was killed is `running` and silent until it counts as gone, ten minutes later.",
        schemas.shape(tasks=schemas.listing(schemas.named("Task"))),
        (
            Parameter(
                "state",
                choice("running", "completed", "failed", "cancelled", "orphaned"),
                "Only those in this state; `orphaned` ones began, and their program has ended, or was silent for ten minutes.",
            ),
            SINCE,
            UNTIL,
            Parameter("session", TEXT, "Only those of this session."),
            Parameter("session_run", RUN, "Only those of this run of the session."),
            Parameter("cycle", TEXT, "Only those of this cycle."),
            Parameter("cycle_run", RUN, "Only those of this run of the cycle."),
            Parameter("persona", TEXT, "Only those of this persona."),
            parameters.limit(200),
        ),
    ),
    Operation(
        "/api/tasks/{task_id}",
        get_task,
        "The story of one run of a task: those above it, outermost first, those beneath it and beneath these, its events and spans (1,000 of each"
        " at most), and all its `runs`, the latest first (100 at most). Events of programs that were started by it are among"
        " its own, by trace.",
        schemas.shape(
            task=schemas.named("Task"),
            ancestors=schemas.listing(schemas.named("Task")),
            children=schemas.listing(schemas.named("Task")),
            events=schemas.listing(schemas.named("Event")),
            spans=schemas.listing(schemas.named("Span")),
            runs=schemas.listing(schemas.named("Task")),
        ),
        (
            Parameter("task_id", TEXT, "Its id.", place="path", is_required=True),
            Parameter("run", RUN, "Which run of it; without it the one that began last."),
        ),
    ),
    Operation(
        "/api/traces/{trace_id}",
        get_trace,
        "The spans and the first 1,000 events of one trace.",
        schemas.shape(spans=schemas.listing(schemas.named("Span")), events=schemas.listing(schemas.named("Event"))),
        (Parameter("trace_id", TEXT, "Its id, 32 hexadecimal digits.", place="path", is_required=True),),
    ),
)
