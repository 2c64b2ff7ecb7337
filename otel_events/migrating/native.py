"""Calls of the old systems as calls of the native API, where that says the same; else the reason why it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from otel_events import catalog
from otel_events.event import parse_severity
from otel_events.migrating.arguments import (
    Arguments,
    RefusalError,
    as_keyword,
    as_positional,
    has_comment,
    is_none,
    join_arguments,
    literal_text,
    quoted_like,
    text_argument,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What `emit` takes for itself, and the old calls took for a fact.
_OPTIONS = frozenset({"attributes", "exception", "severity", "timestamp"})
_IDS = {"task_id": "task_id", "persona_id": "persona", "session_id": "session_id"}


@dataclass(frozen=True, slots=True)
class NativeCall:
    """A call that can be made of an old one.

    Attributes:
        function: of `otel_events`.
        arguments: as the call is to have them.
    """

    function: str
    arguments: Sequence[cst.Arg]


def to_native(letter: str, name: str, call: cst.Call, *, is_statement: bool) -> NativeCall:
    """Return what *call* of *name* becomes, or raise RefusalError.

    Args:
        letter: the system's.
        name: of its function or method.
        call: as it stands.
        is_statement: nobody looks at what it returns.
    """
    convert = _CONVERSIONS.get((letter, name))
    if convert is None:
        raise RefusalError(_REASONS.get((letter, name), "there is no native call that does the same"))
    if letter == "B" and not is_statement:
        raise RefusalError("what it returns is used; emit returns nothing")
    return convert(call)


def _emit_event(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["event_type", "payload", *_IDS])
    made = _name_and_content(given, "payload", "emit_event")
    ids = ((given.optional(key), keyword) for key, keyword in _IDS.items())
    made += [as_keyword(arg, keyword) for arg, keyword in ids if arg is not None and not is_none(arg.value)]
    return NativeCall("emit", join_arguments(call, made))


def _name_and_content(given: Arguments, content: str, called: str) -> list[cst.Arg]:
    """Return the event's name, and what it carries in the argument *content* if that is anything."""
    name, carried = given.required("event_type"), given.optional(content)
    if given.details:
        raise RefusalError(f"{called} has no {given.details[0].keyword.value!r} there")  # type: ignore[union-attr]  # keywords
    made = [_name(name)]
    if carried is not None and not is_none(carried.value):
        _refuse_texts(carried.value, f"its {content}")
        made.append(as_positional(carried))
    return made


def _emit_task_lifecycle(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["status", "task_id"])
    status, task_id = given.required("status"), given.required("task_id")
    word = literal_text(status.value)
    if word is None:
        raise RefusalError("its status is worked out when the program runs")
    name = status.with_changes(value=quoted_like(status.value, _canonical(f"task_{word}")), keyword=None)
    return NativeCall("emit", join_arguments(call, [name, as_keyword(task_id, "task_id"), *_facts(given)]))


def _emit_alert(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["severity", "message"])
    severity, message = given.required("severity"), given.required("message")
    word = literal_text(severity.value)
    if word is None:
        raise RefusalError("its severity is worked out when the program runs")
    if parse_severity(word) is None:
        raise RefusalError(f"its severity {word!r} is none that OpenTelemetry knows")
    _refuse_mappings(message.value)
    made = [text_argument("alert.triggered"), as_positional(message), as_keyword(severity, "severity"), *_facts(given)]
    return NativeCall("emit", join_arguments(call, made))


def _emit_system_event(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["event_type", "message"])
    name, message = given.required("event_type"), given.required("message")
    _refuse_mappings(message.value)
    return NativeCall("emit", join_arguments(call, [_name(name), as_positional(message), *_facts(given)]))


def _emit_monitoring_snapshot(call: cst.Call) -> NativeCall:
    metrics = Arguments(call, ["metrics"]).only("metrics")
    _refuse_texts(metrics.value, "what it is given")
    return NativeCall("emit", join_arguments(call, [text_argument("performance.metric"), as_positional(metrics)]))


def _append_ledger(call: cst.Call) -> NativeCall:
    record = Arguments(call, ["record"]).only("record")
    if not isinstance(record.value, cst.Dict):
        raise RefusalError("its record is put together elsewhere")
    keys = [literal_text(each.key) if isinstance(each, cst.DictElement) else None for each in record.value.elements]
    if None in keys:
        raise RefusalError("not all keys of its record are known here")
    if keys.count("event") != 1 or len(set(keys)) < len(keys):
        raise RefusalError("its record has no name of an event, or a key twice")
    if {"timestamp", "ts"} & set(keys):
        raise RefusalError("its record brings its own time; emit has timestamp= for that")
    element = record.value.elements[keys.index("event")]
    if literal_text(element.value) is None:
        raise RefusalError("the name in its record is worked out when the program runs")
    made = [_name(cst.Arg(element.value))]
    rest = _without(record.value, keys.index("event"))
    if rest.elements:
        made.append(record.with_changes(value=rest, keyword=None, equal=cst.MaybeSentinel.DEFAULT))
    return NativeCall("emit", join_arguments(call, made))


def _broadcast(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["event_type", "data"])
    return NativeCall("emit", join_arguments(call, _name_and_content(given, "data", "emit")))


def _set_cycle(call: cst.Call) -> NativeCall:
    given = Arguments(call, ["cycle", "day"])
    cycle, day = given.required("cycle"), given.required("day")
    return NativeCall("bind", join_arguments(call, [as_keyword(cycle, "cycle"), as_keyword(day, "day")]))


def _name(arg: cst.Arg) -> cst.Arg:
    """Return the name of an event, canonical if it is a literal; one that is worked out stays, as emit takes either."""
    word = literal_text(arg.value)
    if word is None:
        return as_positional(arg)
    return as_positional(arg).with_changes(value=quoted_like(arg.value, _canonical(word)))


def _canonical(name: str) -> str:
    return catalog.current().canonical(name)


def _facts(given: Arguments) -> list[cst.Arg]:
    for each in given.details:
        key = each.keyword.value if each.keyword is not None else ""
        if key in _OPTIONS:
            raise RefusalError(f"its fact {key!r} is an option of emit; it can stand in a mapping")
        if key.endswith("_"):
            raise RefusalError(f"its fact {key!r} would lose its underscore; it can stand in a mapping")
    return given.details


def _refuse_texts(value: cst.BaseExpression, what: str) -> None:
    if isinstance(value, cst.BaseString | cst.List | cst.Tuple | cst.Integer | cst.Float | cst.Set):
        raise RefusalError(f"{what} is no mapping, so that it says nothing today")


def _refuse_mappings(value: cst.BaseExpression) -> None:
    if isinstance(value, cst.Dict | cst.DictComp) or is_none(value):
        raise RefusalError("its message is no text")


def _without(mapping: cst.Dict, index: int) -> cst.Dict:
    """Return *mapping* less one of its elements; the others stay where they are written."""
    elements = list(mapping.elements)
    commas = [each.comma for each in elements]
    del elements[index]
    kept = [*commas[: len(elements) - 1], commas[-1]] if elements else []
    dropped = commas if not elements else commas[len(elements) - 1 : -1]
    if any(isinstance(comma, cst.Comma) and has_comment(comma) for comma in dropped):
        raise RefusalError("a comment stands beside the name in its record")
    return mapping.with_changes(
        elements=[each.with_changes(comma=comma) for each, comma in zip(elements, kept, strict=True)]
    )


_CONVERSIONS: dict[tuple[str, str], Callable[[cst.Call], NativeCall]] = {
    ("A", "emit_event"): _emit_event,
    ("A", "emit_task_lifecycle"): _emit_task_lifecycle,
    ("A", "emit_alert"): _emit_alert,
    ("A", "emit_system_event"): _emit_system_event,
    ("A", "emit_monitoring_snapshot"): _emit_monitoring_snapshot,
    ("A", "append_ledger"): _append_ledger,
    ("B", "emit"): _broadcast,
    ("B", "set_cycle"): _set_cycle,
}
_REASONS = {
    (
        "B",
        "Broadcaster",
    ): "it publishes on Redis; configure(redis={'url': ..., 'shape': 'broadcast'}) does so for all events",
    (
        "B",
        "get_broadcaster",
    ): "it publishes on Redis; configure(redis={'url': ..., 'shape': 'broadcast'}) does so for all events",
    ("D", "EventLogAggregator"): "it fills the log of a display; each of its events is one of otel_events already",
    ("D", "process_event"): "it fills the log of a display, and is an event of otel_events already",
    (
        "E",
        "setup_l2_logger",
    ): "its envelopes go to a collector of their own; setup_logging() has errors as events alone",
    ("E", "get_metrics"): "it counts envelopes; stats() counts events",
}

# What calls that were made native no longer do by themselves.
AFTERWARDS = {
    "A": "Converted calls write no flat line to AGI_LEDGER_PATH by themselves: say "
    'configure(ledger=path, ledger_format="flat") where something reads that file. They say names in their canonical form. '
    "An id that is None when the program runs takes away the bound one: it was passed over before.",
    "B": "Converted calls publish nothing on Redis by themselves: say "
    'configure(redis={"url": ..., "shape": "broadcast"}) where somebody listens. They say names in their canonical form.',
}
