"""The settings of limits, of tracing, of the catalogue and of watched files."""

from __future__ import annotations

from otel_events.event import CORRELATION
from otel_events.settings import kinds, lists
from otel_events.settings.setting import Setting, variables


def _limit(name: str, default: int | None, doc: str, *names: str, unit: str = "") -> Setting:
    text = "" if default is not None else "no limit"
    return Setting(name, kinds.whole_number(0), default, doc, variables(*names), unit, text)


_COUNT, _LENGTH = "OTEL_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"
LIMITS = (
    _limit(
        "attribute_count_limit",
        128,
        "Most attributes of an event; those bound for correlation are never dropped.",
        "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
        _COUNT,
    ),
    _limit(
        "attribute_value_length_limit",
        None,
        "Most characters of a text among an event's attributes.",
        "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        _LENGTH,
        unit="characters",
    ),
    Setting(
        "max_event_bytes",
        kinds.size(1024),
        256 * 1024,
        "Size of one event; beyond it its largest values are cut, visibly.",
        variables("OTEL_EVENTS_MAX_EVENT_BYTES"),
        "bytes",
    ),
    Setting(
        "max_body_length",
        kinds.whole_number(0),
        64 * 1024,
        "Most characters of an event's message.",
        variables("OTEL_EVENTS_MAX_BODY_LENGTH"),
        "characters",
    ),
    _limit(
        "span_limits.attribute_count",
        128,
        "Most attributes of a span.",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        _COUNT,
    ),
    _limit(
        "span_limits.attribute_value_length",
        None,
        "Most characters of a text among a span's attributes.",
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        _LENGTH,
        unit="characters",
    ),
    _limit("span_limits.event_count", 128, "Most events of a span.", "OTEL_SPAN_EVENT_COUNT_LIMIT"),
    _limit("span_limits.link_count", 128, "Most links of a span.", "OTEL_SPAN_LINK_COUNT_LIMIT"),
    _limit(
        "span_limits.event_attribute_count",
        128,
        "Most attributes of a span event.",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
        _COUNT,
    ),
    _limit(
        "span_limits.link_attribute_count",
        128,
        "Most attributes of a link.",
        "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
        _COUNT,
    ),
)

TRACING = (
    Setting(
        "propagators",
        lists.NAMES,
        ("tracecontext", "baggage"),
        "What carries the trace across processes: names of entry points, or `none`.",
        variables("OTEL_PROPAGATORS"),
        default_text="`tracecontext,baggage`",
    ),
    Setting(
        "sampler",
        kinds.SAMPLER,
        "parentbased_always_on",
        "Name of the sampler of spans; in code a Sampler too.",
        variables("OTEL_TRACES_SAMPLER"),
    ),
    Setting(
        "sampler_arg",
        kinds.SAMPLER_ARGUMENT,
        None,
        "For `traceidratio` and `parentbased_traceidratio` the part of traces to keep, from 0 to 1.",
        variables("OTEL_TRACES_SAMPLER_ARG"),
        default_text="1 for these, else none",
    ),
    Setting(
        "span_events",
        kinds.BOOLEAN,
        default=True,
        doc="Events are copied to the current span, as the catalogue says for each.",
        environment=variables("OTEL_EVENTS_SPAN_EVENTS"),
    ),
    Setting(
        "span_event_overrides",
        lists.OVERRIDES,
        {},
        "Name patterns and whether events that fit are copied to the span, above what the catalogue says.",
    ),
)

CATALOGUE = (
    Setting("catalog", lists.CATALOG, (), "Your own event definitions: registry folders and `@define` classes."),
    Setting(
        "strict",
        kinds.BOOLEAN,
        default=False,
        doc="An event that departs from the catalogue raises; for tests.",
        environment=variables("OTEL_EVENTS_STRICT"),
    ),
    Setting("before_emit", kinds.CALLABLES, (), "Callables that see every event first and may change or drop it."),
    Setting(
        "baggage_keys",
        lists.KEYS,
        tuple(CORRELATION),
        "Bound attributes that `inject` may put into baggage.",
    ),
)

WATCHING = (
    Setting(
        "watch_content",
        kinds.BOOLEAN,
        default=True,
        doc="[Watched files](watch.md): prompts and responses that the profile `egos` finds are on its events; else their lengths.",
        environment=variables("OTEL_EVENTS_WATCH_CONTENT"),
    ),
)
