"""A first look at attributes: cheap enough for every event, and enough for nearly all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_events.redaction.checks import DIGEST_LENGTHS, is_digest, is_random
from otel_events.redaction.keys import VALUE_KEYS, named_secret
from otel_events.redaction.prefilter import LONGEST, SHORTEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from otel_events.event import Value
    from otel_events.redaction.keys import KeyVerdict
    from otel_events.redaction.prefilter import Prefilter

_MAX_KEYS = 4_096  # keys that are kept; a program that makes up keys must not fill the memory
_LONG_TEXT = 512  # characters: the stacks of a storm of errors are longer, and equal
_MAX_LONG_TEXTS = 64  # of at most 16 KiB each
LONG_NUMBER = 10**13  # from here on whole numbers may be those of payment cards
_PLAIN = frozenset({float, bool, type(None)})
_NUMBERS = _PLAIN | {int}
_SCALARS = _PLAIN | {str}


class FirstLook:
    """Remembers which keys are innocent, and collects the texts that the prefilter has to see."""

    def __init__(
        self, judge: Callable[[str], KeyVerdict], clean_key: Callable[[str], str], prefilter: Prefilter
    ) -> None:
        """Take *judge* for what keys say of their values, and *clean_key* for secrets in keys themselves."""
        self._judge = judge
        self._clean_key = clean_key
        self._prefilter = prefilter
        self._innocent: set[str] = set()
        self._hints: set[str] = set()
        self._clean_texts: set[str] = set()

    def knows_keys(self, keys: Iterable[str]) -> bool:
        """Tell whether *keys* are known to say nothing of their values."""
        return self._innocent.issuperset(keys)

    def is_known(self, text: str) -> bool:
        """Tell whether *text* is one of the last long ones in which there was nothing."""
        return len(text) >= _LONG_TEXT and text in self._clean_texts

    def keep(self, text: str) -> None:
        """Remember that there is nothing in *text*, if it is worth it: a clean one only, so that no secret is kept."""
        if _LONG_TEXT <= len(text) <= LONGEST:
            if len(self._clean_texts) >= _MAX_LONG_TEXTS:
                self._clean_texts.clear()
            self._clean_texts.add(text)

    def is_clean(self, attributes: Mapping[str, Value]) -> bool:
        """Tell whether there is certainly no secret in *attributes*."""
        texts: list[str] = []
        return self.collect(attributes, texts) and not (texts and self._prefilter.suspects(texts))

    def collect(self, attributes: Mapping[str, Value], texts: list[str]) -> bool:
        """Add to *texts* all that is worth a look by the prefilter; return False if *attributes* need a walk anyway."""
        return self.collect_all((attributes,), texts)

    def collect_all(self, mappings: Iterable[Mapping[str, Value]], texts: list[str]) -> bool:
        """Do for many *mappings* what `collect` does for one; False if any of them needs a walk."""
        try:
            return self._collect(mappings, texts)
        except RecursionError:  # deeper than `normalize` makes them: the walk withholds that value alone
            return False

    def collect_columns(
        self,
        columns: Mapping[str, Sequence[Value]],
        kinds: Mapping[str, set[type]],
        found: Mapping[str, set[str]],
        texts: set[str],
    ) -> bool:
        """Do for the values of each key, of the plain *kinds* told, what `collect_all` does for mappings.

        Args:
            columns: the values by key.
            kinds: of the values under each key.
            found: the different texts under each key that has any.
            texts: to which those are added that are worth a look.
        """
        others = columns.keys() - self._innocent
        if not self._hints.issuperset(others) or not all(kinds[key] <= _NUMBERS for key in others):
            return False
        for key, column in columns.items():
            kind = kinds[key]
            if str in kind and not self._collect_texts(found[key], texts):
                return False
            if int in kind:
                numbers: Any = column if len(kind) == 1 else [value for value in column if type(value) is int]
                if max(numbers) >= LONG_NUMBER and any(map(is_long_number, numbers)):
                    return False
        return True

    def _collect_texts(self, found: set[str], texts: set[str]) -> bool:
        lengths = set(map(len, found))
        if max(lengths) > LONGEST:
            return False
        if max(lengths) >= _LONG_TEXT or not lengths.isdisjoint(DIGEST_LENGTHS):
            texts.update(text for text in found if len(text) >= SHORTEST and not self._needs_no_look(text))
        else:
            texts.update(found if min(lengths) >= SHORTEST else [text for text in found if len(text) >= SHORTEST])
        return True

    def _needs_no_look(self, text: str) -> bool:
        return self.is_known(text) or (len(text) in DIGEST_LENGTHS and is_digest(text))

    def _collect(self, mappings: Iterable[Mapping[str, Value]], texts: list[str]) -> bool:  # noqa: C901  # the hot path
        innocent = self._innocent
        for attributes in mappings:
            if not innocent.issuperset(attributes) and not self._learn(attributes):
                return False
            for value in attributes.values():
                kind = type(value)
                if kind is str:
                    length = len(value)  # type: ignore[arg-type]  # mypy does not narrow by `kind is`
                    if length >= SHORTEST:
                        if length > LONGEST:
                            return False
                        is_known = length >= _LONG_TEXT and value in self._clean_texts
                        if is_known or (length in DIGEST_LENGTHS and is_digest(value)):  # type: ignore[arg-type]
                            continue
                        texts.append(value)  # type: ignore[arg-type]
                elif kind is int:
                    if value >= LONG_NUMBER and is_long_number(value):  # type: ignore[arg-type, operator]
                        return False
                elif kind not in _PLAIN and not self._collect_nested(value, texts):
                    return False
        return True

    def _collect_nested(self, value: Value, texts: list[str]) -> bool:
        if isinstance(value, dict):
            return self._collect((value,), texts)
        if isinstance(value, list):
            # However short: one may be the flag before a password.
            found = [item for item in value if type(item) is str]
            texts.extend(found)
            if any(len(item) > LONGEST for item in found):
                return False
            return all(self._collect_nested(item, texts) for item in value if type(item) not in _SCALARS)
        return type(value) is int and not is_long_number(value)

    def _learn(self, attributes: Mapping[str, Value]) -> bool:
        """Return True if every key of *attributes* is innocent, or hints at a secret and its value looks like none."""
        if named_secret(attributes, self._judge):
            return False
        for key, value in attributes.items():
            if key in self._innocent:
                continue
            if key not in self._hints and not self._learn_key(key):
                return False
            if key in self._hints and type(value) not in _NUMBERS and (type(value) is not str or is_random(value)):
                return False
        return True

    def _learn_key(self, key: str) -> bool:
        """Return False if *key* is sensitive or itself a secret; else remember it."""
        degree = self._judge(key).degree
        if degree == "secret" or self._clean_key(key) is not key:
            return False
        known = self._hints if degree == "hint" else self._innocent
        if key not in VALUE_KEYS:  # of those it depends on what names them
            if len(known) >= _MAX_KEYS:
                known.clear()
            known.add(key)
        return True


def is_long_number(value: int) -> bool:
    """Tell whether a number is as long as those of payment cards."""
    return LONG_NUMBER <= value < 10**16
