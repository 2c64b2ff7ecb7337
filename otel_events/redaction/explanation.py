"""Say which rule would fire on a value, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.redaction.redactor import Redactor
from otel_events.redaction.scanner import Finding

if TYPE_CHECKING:
    from otel_events.redaction.settings import RedactionSettings


def explain(value: str, key: str = "", *, settings: RedactionSettings | None = None) -> tuple[Finding, ...]:
    """Return what would be redacted of *value*, in order; nothing if it would stay as it is.

    Args:
        value: a text.
        key: the attribute's key; the value of a sensitive key goes as a whole.
        settings: as given to `configure`; the built-in rules alone by default.
    """
    redactor = Redactor() if settings is None else Redactor(settings)
    verdict = redactor.judge(key)
    if verdict.degree != "innocent" and redactor.value(key, value) == redactor.marker(verdict.kind):
        return (Finding(0, len(value), verdict.kind, f"the key {key!r} names a {verdict.degree}"),)
    findings = redactor.findings(value[:65_536], key)
    if not findings and redactor.text(value) != value:
        return (Finding(0, len(value), "pattern", "one of your own patterns, or more than is scanned"),)
    return tuple(findings)
