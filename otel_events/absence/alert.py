"""A finding as an event, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events import catalog
from otel_events.absence.finding import STARTED_AGAIN, Finding, Seen
from otel_events.absence.rule import HEARTBEAT
from otel_events.event import Event, InstrumentationScope, Severity
from otel_events.filter_language import Clause, FilterSettings
from otel_events.ledger.instants import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otel_events.absence.rule import Rule
    from otel_events.event import Attributes
    from otel_events.reading.record import Record

SCOPE = InstrumentationScope("otel_events.absence")
NAMES = ("heartbeat.missed", "task.stalled", "cycle.stalled", "expectation.missed")
RESOLVED = ".resolved"
RULES_SET = "expectation.set"
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"))


def event_of(finding: Finding, now: int) -> Event:
    """Return the event that says *finding*.

    Args:
        finding: what was found out.
        now: nanoseconds since the Unix epoch.
    """
    rule, seen = finding.rule, finding.seen
    name = _name(rule) + (RESOLVED if finding.is_resolved else "")
    definition = catalog.current().find(name)
    severity = definition.severity if definition is not None else None
    severity = severity or (Severity.INFO if finding.is_resolved else Severity.WARN)
    # A task that stalls belongs to its trace; a heart that stops to none.
    trace = seen if seen is not None and rule.is_ending else Seen(0)
    return Event(
        name=name,
        timestamp=now,
        observed_timestamp=now,
        severity=severity,
        severity_text=Severity(severity).name,
        body=_words(finding),
        attributes=_attributes(finding),
        trace_id=_number(trace.trace_id),
        span_id=_number(trace.span_id),
        scope=SCOPE,
    )


def is_alert(record: Record) -> bool:
    """Tell whether *record* is such an event."""
    return record.name.removesuffix(RESOLVED) in NAMES and _is_ours(record)


def rules_set(texts: Iterable[str], now: int) -> Event:
    """Return the event that says which rules hold from *now* on, nanoseconds since the Unix epoch."""
    return Event(RULES_SET, now, now, body="Expectations set", attributes={"rules": list(texts)}, scope=SCOPE)


def rules_of(record: Record) -> list[str] | None:
    """Return the rules that *record* says to hold; None if it says no such thing."""
    rules = record.get("rules") if record.name == RULES_SET and _is_ours(record) else None
    return list(map(str, rules)) if isinstance(rules, list) else None


def what_matters(rules: Sequence[Rule]) -> FilterSettings:
    """Return the filter of all that says where *rules* stand: what they are about, and what was told of them."""
    about = dict.fromkeys(pattern for rule in rules for pattern in rule.patterns())
    told = (*NAMES, *(name + RESOLVED for name in NAMES), RULES_SET)
    return FilterSettings(tuple(Clause(name) for name in (*about, *told)))


def _is_ours(record: Record) -> bool:
    scope = record.facts.get("scope")
    return (scope.get("name") if isinstance(scope, dict) else scope) == SCOPE.name


def subject_of(record: Record) -> str:
    """Return of what such an event tells."""
    return next(filter(None, map(record.text, ("subject", "component", "task_id"))), "")


def seen_of(record: Record) -> Seen | None:
    """Return the last that was seen, as such an event tells it; None for nothing."""
    time = parse_instant(record.text("last_seen"))
    seen = Seen.of(record)
    return Seen(time, seen.attributes, seen.trace_id, seen.span_id) if time else None


def _name(rule: Rule) -> str:
    if catalog.current().canonical(rule.pattern) == HEARTBEAT:
        return "heartbeat.missed"
    if rule.family == "cycle" or (rule.family == "task" and rule.is_ending):
        return f"{rule.family}.stalled"
    return "expectation.missed"


def _attributes(finding: Finding) -> Attributes:
    rule, seen = finding.rule, finding.seen
    attributes: Attributes = dict(seen.attributes) if seen is not None else {}
    if not rule.is_ending:
        attributes["component"] = finding.subject
    elif finding.subject != attributes.get("task_id"):
        attributes["subject"] = finding.subject
    attributes |= {"rule": rule.text, "expected_within": rule.seconds}
    if seen is not None:
        attributes["last_seen"] = format_instant(seen.time)
    if finding.is_resolved:
        duration = _duration(finding)
        attributes |= {} if duration is None else {"duration": duration}
        attributes |= {"reason": finding.reason} if finding.reason else {}
    return attributes


def _duration(finding: Finding) -> float | None:
    """Return from when it was last seen, or began, until it came, or ended."""
    if finding.seen is None or finding.until is None:
        return None
    return max(0, finding.until - finding.seen.time) / 1e9


def _words(finding: Finding) -> str:
    rule, duration = finding.rule, _duration(finding)
    if finding.is_resolved and finding.reason and finding.reason != STARTED_AGAIN:
        return f"{_what(finding)}: {finding.reason}"
    after = "" if duration is None else f" after {_span(duration)}"
    if rule.is_ending:
        if not finding.is_resolved:
            return f"{_what(finding)} has not ended within {_span(rule.seconds)}"
        return f"{_what(finding)} {'was started again' if finding.reason else 'ended'}{after}"
    if finding.is_resolved:
        return f"{_what(finding)} again{after}"
    return f"No {_what(finding, is_first=False)} within {_span(rule.seconds)}"


def _what(finding: Finding, *, is_first: bool = True) -> str:
    rule = finding.rule
    if rule.is_ending:
        name = finding.seen.attributes.get("task_name") if finding.seen is not None else None
        called = f" ({name})" if isinstance(name, str) and name != finding.subject else ""
        return f"{rule.family.capitalize() or rule.pattern} {finding.subject}{called}"
    kind = "Heartbeat" if rule.pattern == HEARTBEAT and is_first else rule.pattern
    return f"{kind} of {finding.subject}" if rule.by else kind


def _span(seconds: float) -> str:
    """Return a time as rules say it: `90s` is `1m30s`."""
    if seconds < 60:
        return f"{seconds:.3g}s"
    rest, words = round(seconds), ""
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        words += f"{count}{unit}" if count else ""
    return words + (f"{rest}s" if rest else "")


def _number(text: str) -> int:
    try:
        return int(text, 16) if text else 0
    except ValueError:
        return 0
