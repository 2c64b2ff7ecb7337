"""Shapes of answers, as JSON Schema."""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
INSTANT: Schema = {"type": "string", "description": "ISO 8601, UTC, with nanoseconds"}
ATTRIBUTES: Schema = {"type": "object", "additionalProperties": True}


def listing(item: Schema) -> Schema:
    """Return the shape of a list of *item*."""
    return {"type": "array", "items": item}


def counts() -> Schema:
    """Return the shape of counts by name."""
    return {"type": "object", "additionalProperties": COUNT}


def maybe(shape: Schema) -> Schema:
    """Return the shape of *shape*, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def shape(**properties: Schema) -> Schema:
    """Return the shape of an object that has all of *properties*."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def named(name: str) -> Schema:
    """Return a reference to the shape of that name, one of `SHARED`."""
    return {"$ref": f"#/components/schemas/{name}"}


_CORRELATION = dict.fromkeys(
    ("task_id", "parent_task_id", "persona", "session_id", "cycle", "day", "env_id", "episode"), ANYTHING
)

SHARED: dict[str, Schema] = {
    "Error": shape(
        error={
            "type": "object",
            "properties": {
                "problem": {"type": "string", "description": "what is wrong, and what would be right"},
                "parameter": {"type": "string", "description": "which parameter is meant"},
                "setting": {"type": "string", "description": "which option of the server would allow it"},
                "column": {"type": "integer", "minimum": 1, "description": "the first wrong character of a filter"},
            },
            "required": ["problem"],
        }
    ),
    "Event": {
        "type": "object",
        "description": "The ledger's line, with its number in front.",
        "properties": {
            "seq": {"type": "integer", "minimum": 1},
            "time": TEXT,
            "event": TEXT,
            "severity": {"type": ["string", "integer"]},
            "severity_text": TEXT,
            "message": ANYTHING,
            "service": TEXT,
            "trace_id": TEXT,
            "span_id": TEXT,
            "trace_flags": {"type": "integer"},
            "uid": TEXT,
            "scope": ANYTHING,
            "observed": TEXT,
            "given_name": TEXT,
            "dropped_attributes": {"type": "integer"},
            **_CORRELATION,
            "attributes": ATTRIBUTES,
        },
        "required": ["seq", "time", "event", "severity", "attributes"],
    },
    "Task": shape(
        task_id=TEXT,
        run=COUNT,
        runs=COUNT,
        name=maybe(TEXT),
        persona=maybe(TEXT),
        session_id=maybe(TEXT),
        session_run=maybe(COUNT),
        cycle=maybe({"type": ["integer", "string"]}),
        cycle_run=maybe(COUNT),
        parent_task_id=maybe(TEXT),
        parent_run=maybe(COUNT),
        trace_id=maybe(TEXT),
        span_id=maybe(TEXT),
        state={"type": "string", "enum": ["running", "completed", "failed", "cancelled", "orphaned", "mentioned"]},
        started=maybe(INSTANT),
        ended=maybe(INSTANT),
        duration=maybe(NUMBER),
        events=COUNT,
        errors=COUNT,
        error_type=maybe(TEXT),
        attributes=ATTRIBUTES,
        writer_last=maybe(INSTANT),
    ),
    "Span": shape(
        trace_id=TEXT,
        span_id=TEXT,
        parent_span_id=TEXT,
        name=TEXT,
        started=INSTANT,
        ended=INSTANT,
        duration=NUMBER,
        status={"type": "string", "enum": ["ok", "error"]},
        service=TEXT,
        task_id=maybe(TEXT),
        session_id=maybe(TEXT),
        message=maybe(TEXT),
        attributes=ATTRIBUTES,
        events=listing(shape(name=TEXT, time=INSTANT, attributes=ATTRIBUTES)),
        links=listing(shape(trace_id=TEXT, span_id=TEXT, attributes=ATTRIBUTES)),
    ),
    "Session": shape(
        session_id=TEXT,
        run=COUNT,
        runs=COUNT,
        service=maybe(TEXT),
        started=INSTANT,
        ended=maybe(INSTANT),
        duration=maybe(NUMBER),
        last=INSTANT,
        is_started=YES_OR_NO,
        state={"type": "string", "enum": ["running", "ended", "orphaned", "quiet"]},
        writer_state=maybe({"type": "string", "enum": ["running", "stopped", "unclean", "quiet"]}),
        cycles=COUNT,
        events=COUNT,
        errors=COUNT,
    ),
    "Cycle": shape(
        cycle={"type": ["integer", "string"]},
        run=COUNT,
        runs=COUNT,
        day=maybe({"type": ["integer", "string"]}),
        session_id=maybe(TEXT),
        session_run=maybe(COUNT),
        service=maybe(TEXT),
        started=INSTANT,
        ended=maybe(INSTANT),
        duration=maybe(NUMBER),
        last=INSTANT,
        is_started=YES_OR_NO,
        state={"type": "string", "enum": ["running", "ended", "orphaned", "quiet"]},
        writer_state=maybe({"type": "string", "enum": ["running", "stopped", "unclean", "quiet"]}),
        events=COUNT,
        errors=COUNT,
        stalls=COUNT,
        stages=listing(shape(name=TEXT, started=INSTANT, duration=maybe(NUMBER))),
    ),
    "ErrorGroup": shape(
        fingerprint=TEXT,
        type=TEXT,
        message=TEXT,
        event=TEXT,
        count=COUNT,
        first=INSTANT,
        last=INSTANT,
        trend=listing(COUNT),
        services=listing(TEXT),
        last_seq=COUNT,
    ),
    "Alert": shape(
        name=TEXT,
        component=maybe(TEXT),
        severity={"type": ["string", "integer"]},
        message=ANYTHING,
        started=INSTANT,
        ended=maybe(INSTANT),
        count=COUNT,
        seq=COUNT,
    ),
}
