"""The settings of the guards: redaction, filter, deduplication, rate limits, roll-up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from otel_events.errors import ConfigurationError
from otel_events.filter_language import FilterSettings, parse_filter
from otel_events.settings import kinds, lists
from otel_events.settings.kinds import Kind, UnusableError
from otel_events.settings.setting import Setting, variables


def _accept_filter(value: Any) -> FilterSettings:
    if isinstance(value, FilterSettings):
        return value
    if isinstance(value, Mapping):  # its keys would be taken for names, which hardly any event has
        raise UnusableError
    try:
        return parse_filter(value)
    except ConfigurationError as error:
        raise UnusableError(*error.problems) from None


def _accept_redact(value: object) -> object:
    is_guard = all(callable(getattr(value, method, None)) for method in ("attributes", "value", "text"))
    if not isinstance(value, bool) and not is_guard:
        raise UnusableError
    return value


def _accept_pairs(value: object) -> tuple[tuple[Any, Any], ...]:
    pairs = tuple(tuple(pair) if isinstance(pair, (tuple, list)) else (pair, None) for pair in lists.as_items(value))
    if not all(len(pair) == 2 for pair in pairs):
        raise UnusableError
    return pairs  # what the two are, the guard itself checks, and tells every mistake at once


def _accept_patterns(value: object) -> tuple[Any, ...]:
    patterns = (value,) if isinstance(value, str) else lists.as_items(value)
    if not all(isinstance(pattern, (str, re.Pattern)) for pattern in patterns):
        raise UnusableError
    return patterns


def _accept_rates(value: Any) -> tuple[Any, ...]:
    items = value.items() if hasattr(value, "items") else lists.as_items(value)
    if not all(hasattr(item, "per_second") or (isinstance(item, tuple) and len(item) == 2) for item in items):
        raise UnusableError
    return tuple(items)


_FILTER = Kind("a filter such as 'task.*,-task.started,severity>=warn'", _accept_filter, _accept_filter)
_REDACT = Kind("True, False or an object that redacts", kinds.BOOLEAN.read, _accept_redact)
_PAIRS = Kind("a list of (regular expression, replacement) pairs", kinds.not_from_text, _accept_pairs)
_PATTERNS = Kind("a list of regular expressions", kinds.not_from_text, _accept_patterns)
_RULES = Kind("a list of name patterns, or of (name pattern, attribute keys) pairs", kinds.not_from_text, _accept_pairs)
_RATES = Kind(
    "a mapping of name patterns to events a second, or a list of RateLimit", kinds.not_from_text, _accept_rates
)


def _guard(name: str, kind: Kind, default: Any, doc: str, *, in_code: bool = False, **more: Any) -> Setting:
    environment = () if in_code else variables(f"OTEL_EVENTS_{name.upper()}")
    return Setting(name, kind, default, doc, environment, **more)


GUARDS = (
    _guard(
        "redact", _REDACT, True, "Secrets are taken out of everything; in code also an object that does it instead."
    ),
    _guard("redact_keys", lists.LISTED_KEYS, (), "More keys whose values are secrets, in any spelling."),
    _guard("redact_innocent_keys", lists.LISTED_KEYS, (), "Keys that say nothing of their values."),
    _guard("redact_patterns", _PAIRS, (), "More secrets: (regular expression, replacement) pairs.", in_code=True),
    _guard("redact_allow", _PATTERNS, (), "Regular expressions of what is no secret.", in_code=True),
    _guard("redact_without", lists.LISTED_KEYS, (), "Kinds of secrets that are not looked for."),
    _guard(
        "redact_marker", kinds.TEXT, "<REDACTED:{kind}>", "What stands in place of a secret; `{kind}` becomes its kind."
    ),
    _guard(
        "redact_max_scanned",
        kinds.whole_number(1024),
        64 * 1024,
        "Characters of one value that are looked through; the rest is withheld.",
        unit="characters",
    ),
    _guard("filter", _FILTER, FilterSettings(), "Which events are wanted.", default_text="all"),
    _guard("deduplicate", _RULES, (), "Domain events of which a second one says nothing new.", in_code=True),
    _guard("deduplicate_errors", kinds.BOOLEAN, True, "Errors that repeat become one event and a summary."),
    _guard("deduplicate_window", kinds.WAIT, 10.0, "How long repeated events are gathered.", unit="seconds"),
    _guard("rate_limits", _RATES, (), "How often events may come.", in_code=True),
    _guard("rate_limit_window", kinds.WAIT, 10.0, "When a summary says what was held back.", unit="seconds"),
    _guard("roll_up", lists.LISTED_KEYS, (), "Name patterns of events that become one for each window."),
    _guard("roll_up_window", kinds.WAIT, 1.0, "How long such a window is.", unit="seconds"),
)
