"""What a user may set of the redactor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otel_events.errors import ConfigurationError
from otel_events.redaction.scanner import KINDS
from otel_events.redaction.user_patterns import pattern_problem

if TYPE_CHECKING:
    import re

MARKER = "<REDACTED:{kind}>"
_LEAST_SCANNED = 1_024


class RedactionSettings(NamedTuple):
    """What is redacted beside the built-in rules, and what is not.

    Attributes:
        marker: stands in place of a secret; `{kind}` in it becomes the kind.
        keys: keys of secrets, in any spelling: `employee number` means `employeeNumber` and `old_employee_number` too.
        innocent_keys: keys that say nothing of their value; what the value looks like still counts.
        patterns: (regular expression, replacement) pairs, as `re.sub` takes them; of the kind `pattern`.
        allow: regular expressions; a value, or what a rule found in it, that fits one as a whole stays.
        without: kinds that are not looked for.
        max_scanned: characters of one value that are scanned; what is beyond them is withheld.
    """

    marker: str = MARKER
    keys: tuple[str, ...] = ()
    innocent_keys: tuple[str, ...] = ()
    patterns: tuple[tuple[str | re.Pattern[str], str], ...] = ()
    allow: tuple[str | re.Pattern[str], ...] = ()
    without: frozenset[str] = frozenset()
    max_scanned: int = 64 * 1024


def check_settings(settings: RedactionSettings) -> None:
    """Raise ConfigurationError with all that cannot be used of *settings*."""
    problems = [
        f"redaction key {key!r} must have a letter or a digit"
        for key in (*settings.keys, *settings.innocent_keys)
        if not any(character.isalnum() for character in key)
    ]
    if "{" in settings.marker.replace("{kind}", "") or not settings.marker:
        problems.append(f"redaction marker {settings.marker!r} must be a text with no braces but {{kind}}")
    if settings.max_scanned < _LEAST_SCANNED:
        problems.append(f"redaction max_scanned must be at least {_LEAST_SCANNED}, not {settings.max_scanned}")
    problems += [
        f"redaction kind {kind!r:.60} is none, so it cannot be left out; docs/redaction.md lists them"
        for kind in sorted(settings.without - KINDS, key=str)
    ]
    for pattern, replacement in settings.patterns:
        problems += filter(None, [pattern_problem(pattern, replacement)])
    for pattern in settings.allow:
        problems += filter(None, [pattern_problem(pattern, None)])
    if problems:
        raise ConfigurationError("the redaction settings cannot be used", problems)
