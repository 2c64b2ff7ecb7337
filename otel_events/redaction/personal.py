"""Numbers of payment cards and bank accounts, told by their checksums."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_events.lazy_pattern import lazy_pattern
from otel_events.redaction.checks import iban_end, is_card
from otel_events.redaction.rule import Rule, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.redaction.rule import Span

# In groups as they are printed on cards, or all in one. A look-ahead, so that a number that stands
# before a card does not swallow its first group.
_CARD = lazy_pattern(
    r"(?<![0-9A-Za-z])(?<![0-9][.,_\-])"
    r"(?=([0-9]{4}([ .\-])[0-9]{4}\2[0-9]{4}\2[0-9]{1,4}(?:\2[0-9]{1,3})?"
    r"|[0-9]{4}([ .\-])[0-9]{6}\3[0-9]{4,5}"
    r"|[0-9]{12,19})(?![0-9A-Za-z]|[.,_\-][0-9]))"
)
_CARD_HINT = lazy_pattern(r"card|visa|maestro|pan\b|amex|credit|debit|payment", re.IGNORECASE)
_IBAN = lazy_pattern(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?=[ \-]?[A-Za-z0-9]{2})")


def _cards(text: str) -> Iterator[Span]:
    has_hint: bool | None = None
    end = 0
    for match in _CARD.finditer(text):
        if match.start() < end:
            continue
        if has_hint is None:
            has_hint = _CARD_HINT.search(text) is not None
        if is_card(match[1], has_hint=has_hint):
            end = match.end(1)
            yield *match.span(1), "card"


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        end = iban_end(text, match.start())
        if end > 0:
            yield match.start(), end, "iban"


PERSONAL_RULES: tuple[Rule, ...] = (
    Rule("card", Trigger.DIGITS, (), _cards, "the number of a payment card: issuer, length and Luhn checksum"),
    Rule("iban", Trigger.DIGITS | Trigger.RUN, (), _ibans, "a bank account: country, length and checksum of an IBAN"),
)
