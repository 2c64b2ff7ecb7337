"""The values that travel: severities, scopes, drafts and events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

    from opentelemetry.context import Context

# What OTLP's AnyValue can carry, and nothing else. `otel_events.values` makes these out of anything.
Value: TypeAlias = "bool | int | float | str | bytes | list[Value] | dict[str, Value] | None"
Attributes: TypeAlias = "dict[str, Value]"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The attributes that correlate events, with their types, in the order in which people read them. They have these names
# everywhere: keyword, ledger key, label, document.
CORRELATION: dict[str, type] = {
    "task_id": str,
    "parent_task_id": str,
    "persona": str,
    "session_id": str,
    "cycle": int,
    "day": int,
    "env_id": int,
    "episode": int,
}
UID_ATTRIBUTE = "log.record.uid"


class Severity(IntEnum):
    """OpenTelemetry's severity numbers, under OpenTelemetry's short names."""

    TRACE = 1
    TRACE2 = 2
    TRACE3 = 3
    TRACE4 = 4
    DEBUG = 5
    DEBUG2 = 6
    DEBUG3 = 7
    DEBUG4 = 8
    INFO = 9
    INFO2 = 10
    INFO3 = 11
    INFO4 = 12
    WARN = 13
    WARN2 = 14
    WARN3 = 15
    WARN4 = 16
    ERROR = 17
    ERROR2 = 18
    ERROR3 = 19
    ERROR4 = 20
    FATAL = 21
    FATAL2 = 22
    FATAL3 = 23
    FATAL4 = 24


_SEVERITY_WORDS: dict[str, Severity] = {
    **{severity.name.lower(): severity for severity in Severity},
    # The logging world's words.
    "notset": Severity.TRACE,
    "warning": Severity.WARN,
    "exception": Severity.ERROR,
    "critical": Severity.FATAL,
    "information": Severity.INFO,
    "notice": Severity.INFO2,
    "alert": Severity.ERROR3,
    "emergency": Severity.FATAL4,
}
# What to say to somebody whose severity is none.
SEVERITY_WORDS = (
    "say trace, debug, info, warn, error, fatal, a word such as warning or critical, or a number from 1 to 24"
)


def parse_severity(value: object) -> Severity | None:
    """Return the severity that a number, a name or a logging word means; None if it means none.

    Args:
        value: 1 to 24 (OpenTelemetry's numbers), a name such as `WARN2`, or a word such as `critical`.
    """
    if isinstance(value, str):
        word = value.strip().lower()
        return _SEVERITY_WORDS.get(word) or (parse_severity(int(word)) if word.isascii() and word.isdigit() else None)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 24:
        return Severity(value)
    return None


def parse_timestamp(value: object) -> int | None:
    """Return the nanoseconds since the Unix epoch that *value* means; None if it means no time OTLP can carry.

    Args:
        value: a datetime (naive: local time), an ISO 8601 string, seconds as float, or nanoseconds as int.
    """
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if isinstance(value, datetime):
            since = value.astimezone(timezone.utc) - _EPOCH
            nanoseconds = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
        elif isinstance(value, int) and not isinstance(value, bool):
            nanoseconds = int(value)
        elif isinstance(value, float):
            nanoseconds = int(value * 1_000_000_000)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return nanoseconds if 0 <= nanoseconds < 2**63 else None


def with_session_id(attributes: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return *attributes* with `session.id`, which OpenTelemetry defines, beside a `session_id`; else unchanged."""
    if "session_id" not in attributes or "session.id" in attributes:
        return attributes
    return {**attributes, "session.id": attributes["session_id"]}


class InstrumentationScope(NamedTuple):
    """Who emitted: a library and its version, as OpenTelemetry names it."""

    name: str
    version: str = ""
    schema_url: str = ""
    attributes: tuple[tuple[str, Value], ...] = ()


DEFAULT_SCOPE = InstrumentationScope("otel_events")


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """Who a foreign record comes from, as its LoggerProvider says. Records of one provider share one."""

    attributes: Mapping[str, Value]
    schema_url: str = ""


class CapturedException(NamedTuple):
    """An exception as the caller's thread saw it; its stack is formatted later, by the pipeline.

    Nothing in it keeps frames and their locals alive.

    Attributes:
        type: the qualified name of its class, without `builtins.`.
        message: its `str()`, taken on the caller's thread, because that is the program's own code.
        frames: where it went through, outermost first: code and line number.
        before: the exception that it came from, if there is one.
        is_caused: that exception was named as its cause (`raise ... from`).
        max_lines: of the formatted stack, None for as many as there are.
        notes: what was added to it by `add_note`.
        inside: those that it holds, if it is a group.
    """

    type: str
    message: str
    frames: tuple[tuple[CodeType, int], ...] = ()
    before: CapturedException | None = None
    is_caused: bool = False
    max_lines: int | None = None
    notes: tuple[str, ...] = ()
    inside: tuple[CapturedException, ...] = ()


# Bound attributes (None without a scope), process-wide ones, and who emits. Events of one place share one.
Around: TypeAlias = "tuple[Mapping[str, Any] | None, Mapping[str, Any], InstrumentationScope]"

# What the caller's thread captures. A plain tuple: a class costs five times as much to make, and the
# garbage collector has to walk its instances. Made in `emit.py`, taken apart in `pipeline/normalize.py`, nowhere else.
# Number, time, name, message, attributes given, keywords, what few calls say (severity, timestamp and exception), Context,
# what else is around it. Among the keywords may still be some of what few calls say, see `emit.sorted_out`.
Draft: TypeAlias = (
    "tuple[int, int, Any, Any, dict[str, Any] | None, dict[str, Any] | None,"
    " tuple[Any, Any, CapturedException | None] | None, Context, Around]"
)


@dataclass(slots=True, eq=False)
class Event:
    """One event on its way through the stages. Stages may change it, and replace its mappings; what is in these stays.

    Attributes:
        name: the event name, canonical; empty for a plain log record.
        timestamp: when it happened, nanoseconds since the Unix epoch.
        observed_timestamp: when it was captured, nanoseconds since the Unix epoch.
        severity: OpenTelemetry's severity number.
        severity_text: the severity as the source named it.
        body: the message, a display string (a bridge may bring any value), or None.
        attributes: the event's own attributes. The draft may have the same mapping, of which a copy for a span is made:
            replace it, never change it in place.
        bound: the attributes bound by scopes, less those the event has itself. Many events share one mapping, so that
            it is guarded and encoded once: replace it, never change it in place.
        trace_id: of the caller's span, 0 if there was none.
        span_id: of the caller's span, 0 if there was none.
        trace_flags: of the caller's span.
        scope: the emitter's instrumentation scope.
        uid: writer id and sequence number; goes out as `log.record.uid`.
        context: the OpenTelemetry Context at the call, for the processors of a program's own LoggerProvider.
        dropped_attributes: how many attributes a limit took away.
        given_name: the name as the program wrote it, where that is an alias; else empty.
        resource: whose it is, if not this process's: a LoggerProvider's, or that of a process that has died.
        passed_provider: it came from a LoggerProvider, whose processors beside ours have seen it.
    """

    name: str
    timestamp: int
    observed_timestamp: int
    severity: int = Severity.INFO
    severity_text: str = "INFO"
    body: Value = None
    attributes: Attributes = field(default_factory=dict)
    bound: Mapping[str, Value] = field(default_factory=dict)
    trace_id: int = 0
    span_id: int = 0
    trace_flags: int = 0
    scope: InstrumentationScope = DEFAULT_SCOPE
    uid: str = ""
    context: Context | None = None
    dropped_attributes: int = 0
    given_name: str = ""
    resource: Resource | None = None
    passed_provider: bool = False

    def all_attributes(self) -> dict[str, Value]:
        """Return a new mapping of everything known about the event: its own attributes, then the bound ones."""
        return {**self.attributes, **self.bound}
