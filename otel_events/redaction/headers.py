"""Values of headers that let one in, wherever they stand in a text."""

from __future__ import annotations

from otel_events.redaction.checks import has_mixed_characters, is_basic, is_words
from otel_events.redaction.rule import Rule, Trigger, pattern_rule


def _is_credential(token: str) -> bool:
    # `bearer authentication` and `Bearer token2` are words of people.
    return has_mixed_characters(token) and (len(token) >= 20 or not is_words(token))


HEADER_RULES: tuple[Rule, ...] = (
    pattern_rule(
        "bearer",
        Trigger.WORD,
        ("bearer",),
        r"(?i:\bbearer),?(?:\s|%20|\+){1,3}(?P<secret>[A-Za-z0-9._~+/\-]{8,4096}={0,2})",
        check=_is_credential,
        is_extended=True,
        brief="what follows `Bearer` in an Authorization header",
    ),
    pattern_rule(
        "basic",
        Trigger.WORD,
        ("basic ",),
        r"(?i:\bbasic)\s{1,3}(?P<secret>[A-Za-z0-9+/\-_]{6,4096}={0,2})",
        check=is_basic,
        brief="user:password in Base64 after `Basic`, as in an Authorization header",
    ),
)
