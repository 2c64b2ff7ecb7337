"""Take secrets out of values: of attributes, texts and whatever is nested in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from otel_events.event import CORRELATION
from otel_events.interrupts import is_interrupt
from otel_events.redaction.checks import is_card, is_random
from otel_events.redaction.first_look import FirstLook, is_long_number
from otel_events.redaction.keys import INNOCENT, VALUE_KEYS, SensitiveKeys, named_secret, words_of
from otel_events.redaction.rule import Trigger
from otel_events.redaction.scanner import Finding, Scanner
from otel_events.redaction.settings import RedactionSettings, check_settings
from otel_events.redaction.user_patterns import pieces

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otel_events.accounting import Tally
    from otel_events.event import Value
    from otel_events.notices import Notices
    from otel_events.redaction.keys import KeyVerdict

Attributes: TypeAlias = "Mapping[str, Value]"

_MAX_KEYS = 4_096  # verdicts that are kept; a program that makes up keys must not fill the memory
_TAIL = 512  # characters before the end of what is scanned: a secret may begin in them, and end beyond


class Redactor:
    """Replaces secrets by markers. Every method returns the very object it was given where nothing was found.

    It fails closed, by value: what it could not look through is withheld, and the rest goes on. Any thread may use it.
    """

    def __init__(
        self,
        settings: RedactionSettings = RedactionSettings(),  # noqa: B008 - frozen
        redacted: Tally | None = None,
        notices: Notices | None = None,
    ) -> None:
        """Make one by *settings*, or raise ConfigurationError with all that is wrong with them.

        Args:
            settings: what the user wants.
            redacted: counts what was taken out, by kind.
            notices: told of values that could not be looked through.
        """
        check_settings(settings)
        self._settings = settings
        self._redacted = redacted
        self._notices = notices
        self._keys = SensitiveKeys(settings.keys, settings.innocent_keys)
        self._verdicts: dict[str, KeyVerdict] = {}
        # Each of a user's keys is found in texts by its longest word.
        own_words = {max(words_of(key), key=len) for key in settings.keys}
        self.scanner = Scanner(self.judge, settings.without, own_words)
        self.first_look = FirstLook(self.judge, self.key, self.scanner.prefilter)
        self._patterns = tuple((re.compile(pattern), replacement) for pattern, replacement in settings.patterns)
        self._allow = tuple(re.compile(pattern) for pattern in settings.allow)
        self.has_patterns = bool(self._patterns)

    def judge(self, key: str) -> KeyVerdict:
        """Return what *key* says of its value."""
        verdict = self._verdicts.get(key)
        if verdict is None:
            if len(self._verdicts) >= _MAX_KEYS:
                self._verdicts.clear()
            verdict = self._keys.judge(key)
            if verdict.kind in self._settings.without:
                verdict = INNOCENT
            self._verdicts[key] = verdict
        return verdict

    def attributes(self, attributes: Attributes) -> Attributes:
        """Return *attributes* without secrets in keys and values."""
        if not self._patterns and self.first_look.is_clean(attributes):
            return attributes
        return self._walked(attributes)

    def _walked(self, attributes: Attributes) -> Attributes:
        changed: dict[str, Value] = {}
        named = named_secret(attributes, self.judge)
        for key, value in attributes.items():
            try:
                clean_key = self.key(key)
                clean_value = self.value(named if named and key in VALUE_KEYS else key, value)
            except Exception as error:
                if is_interrupt(error):
                    raise
                clean_key, clean_value = key if key in CORRELATION else self.marker("failed"), self._failed(error)
            if clean_key is not key:
                return self._renamed(attributes)
            if clean_value is not value:
                changed[key] = clean_value
        return {**attributes, **changed} if changed else attributes

    def key(self, key: str) -> str:
        """Return *key*, itself a text in which a secret may stand."""
        if len(key) < 16 or key in CORRELATION:  # no token is as short
            return key
        return self.text(key)

    def value(self, key: str, value: Value) -> Value:
        """Return *value*, which *key* names, without secrets."""
        try:
            return self._value(key, value)
        except Exception as error:
            if is_interrupt(error):
                raise
            return self._failed(error)

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        try:
            return self._text("", text, None)
        except Exception as error:
            if is_interrupt(error):
                raise
            return self._failed(error)

    def suspect(self, key: str, text: str, triggers: int) -> str:
        """Return *text*, in which the prefilter saw *triggers*, without secrets."""
        try:
            return self._text(key, text, triggers)
        except Exception as error:
            if is_interrupt(error):
                raise
            return self._failed(error)

    def findings(self, text: str, key: str = "", triggers: int | None = None) -> list[Finding]:
        """Return what the built-in rules find in *text*, less what the user allows."""
        if key in CORRELATION and (triggers is None or triggers & Trigger.DIGITS) and text.isalnum():
            # An id in one piece may pass a checksum by chance; one chance in ten is too many for what correlates.
            return [one for one in self.scanner.scan(text, triggers) if one.kind not in {"card", "iban"}]
        found = self.scanner.scan(text, triggers)
        if self._allow and found:
            return [one for one in found if not self.is_allowed(text[one.start : one.end])]
        return found

    def is_allowed(self, text: str) -> bool:
        """Tell whether the user lets *text* stay."""
        return any(pattern.fullmatch(text) for pattern in self._allow)

    def marker(self, kind: str) -> str:
        """Return what stands in place of a secret of *kind*."""
        return self._settings.marker.replace("{kind}", kind)

    # -- one value ---------------------------------------------------------------------------------------------------

    def _value(self, key: str, value: Value) -> Value:
        verdict = self.judge(key)
        if verdict.degree == "secret" and not self._is_harmless(value, verdict.kind):
            return self._mark(verdict.kind)
        if isinstance(value, str):
            if verdict.degree == "hint" and is_random(value) and not self.is_allowed(value):
                return self._mark(verdict.kind)
            return self._text(key, value, None)
        if isinstance(value, (list, dict)):
            return self._list(key, value) if isinstance(value, list) else self.attributes(value)  # type: ignore[return-value]
        if isinstance(value, bytes):
            return self._bytes(key, value)
        return self._mark("card") if self._is_card(key, value) else value

    def _is_card(self, key: str, value: Value) -> bool:
        is_number = type(value) is int and is_long_number(value) and key not in CORRELATION
        return is_number and "card" not in self._settings.without and is_card(str(value))

    def _is_harmless(self, value: Value, kind: str) -> bool:
        """Tell whether *value* is no secret whatever its key says: nothing, a yes or no, a count, a marker."""
        if value is None or type(value) is bool:
            return True
        if type(value) is int or type(value) is float:
            return kind not in {"password", "personal"}
        if not value:
            return True
        if type(value) is str:
            return value.startswith(("<REDACTED", self.marker("\0").partition("\0")[0])) or self.is_allowed(value)
        return False

    def _list(self, key: str, value: list[Value]) -> Value:
        items: list[Value] = []
        names = ""  # the key that the item before was: of ["Authorization", "..."] and ["--password", "..."]
        for item in value:
            items.append(self._value(names or key, item))
            names = _key_before(item, len(value)) if type(item) is str else ""
            if names and self.judge(names).degree != "secret":
                names = ""
        return items if _differ(items, value) else value

    def _bytes(self, key: str, value: bytes) -> Value:
        text = value.decode("utf-8", "replace")
        if "\0" in text[:256]:
            between = text.replace("\0", "")  # as in UTF-16, where each letter has one beside it
            if (clean := self._text(key, between, None)) is not between:
                return clean
            if len(value) > 256:
                text = value.decode("latin-1")
        clean = self._text(key, text, None)
        return value if clean is text else clean

    # -- one text ----------------------------------------------------------------------------------------------------

    def _text(self, key: str, text: str, triggers: int | None) -> str:
        longest = self._settings.max_scanned
        if len(text) >= longest:  # as long: capture has cut it perhaps, in the middle of a secret
            return self._long_text(key, text)
        if self.first_look.is_known(text):
            return text
        findings = self.findings(text, key, triggers)
        clean = self._without(text, findings) if findings else text
        if self._patterns:
            clean = self._without_patterns(clean)
        if clean is text and key not in CORRELATION:  # of those, some findings do not count
            self.first_look.keep(text)
        return clean

    def _long_text(self, key: str, text: str) -> str:
        """Return what is scanned of *text*, and how much is withheld: also the end of it, in which a secret may begin."""
        longest = self._settings.max_scanned
        findings = self.findings(text[:longest], key, None)
        end = longest - _TAIL
        inside = [one for one in findings if one.start < end]
        if inside and inside[-1].end > end:
            end = inside[-1].end
        clean = self._without(text[:end], inside)
        if self._patterns:
            clean = self._without_patterns(clean)
        self._count("unscanned")
        return f"{clean}{self.marker(f'unscanned {len(text) - end} characters')}"

    def _without(self, text: str, findings: Sequence[Finding]) -> str:
        parts: list[str] = []
        position = 0
        for one in findings:
            parts += (text[position : one.start], self._mark(one.kind))
            position = one.end
        parts.append(text[position:])
        return "".join(parts)

    def _without_patterns(self, text: str) -> str:
        for pattern, replacement in self._patterns:
            count = 0
            clean = []
            for piece in pieces(text):
                replaced, times = pattern.subn(replacement, piece)
                clean.append(replaced)
                count += times
            if count:
                self._count("pattern", count)
                text = "".join(clean)
        return text

    # -- what is said of it ------------------------------------------------------------------------------------------

    def _renamed(self, attributes: Attributes) -> Attributes:
        renamed: dict[str, Value] = {}
        named = named_secret(attributes, self.judge)
        for key, value in attributes.items():
            name = clean = self.key(key)
            number = 2
            while name in renamed:  # several keys may become one marker
                name = f"{clean} {number}"
                number += 1
            renamed[name] = self.value(named if named and key in VALUE_KEYS else key, value)
        return renamed

    def _mark(self, kind: str) -> str:
        self._count(kind)
        return self.marker(kind)

    def _count(self, kind: str, count: int = 1) -> None:
        if self._redacted is not None:
            self._redacted.add(kind, count)

    def _failed(self, error: Exception) -> str:
        self._count("failed")
        if self._notices is not None:
            # Not the error's own words: they may quote the value.
            self._notices.warn(
                "redaction_failed", f"a value could not be redacted and was withheld: {type(error).__name__}"
            )
        return self.marker("failed")


def _key_before(item: str, length: int) -> str:
    """Return the key that *item* is, if a list has its value next: a flag, or the first of two."""
    return item.lstrip("-") if item.startswith("-") or length == 2 else ""


def _differ(after: list[Value], before: list[Value]) -> bool:
    return any(new is not old for new, old in zip(after, before, strict=True))
