"""Which attribute keys say that their value is a secret, by their words and never by substring."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from otel_events.event import CORRELATION
from otel_events.lazy_pattern import lazy_pattern
from otel_events.redaction.sensitive_words import (
    ABOUT_WORDS,
    HINT_INNOCENT,
    HINT_WORDS,
    SECRET_ENDINGS,
    SECRET_PAIRS,
    SECRET_WORDS,
    TOKEN_INNOCENT_BEFORE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Degree = Literal["innocent", "hint", "secret"]

_WORD = lazy_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-zß-ÿ]+|[0-9]+")
_NUMBERED = lazy_pattern(r"[0-9]{1,4}")
_MAX_KEY = 256  # characters: what is longer is a text, and no name of anything
_MAX_WORDS = 12
# What may follow the word that makes a key sensitive without changing what the value is.
_VALUE_WORDS = frozenset(
    {"value", "val", "string", "str", "header", "text", "plain", "raw", "data", "b64", "base64", "v"}
)

KEY_KINDS = frozenset(
    {"entropy", "key", *SECRET_WORDS.values(), *SECRET_PAIRS.values(), *(kind for _, kind in SECRET_ENDINGS)}
)
# The keys of a name and of the value that it names.
_NAME_KEYS = ("name", "key", "Name", "Key")
VALUE_KEYS = frozenset({"value", "Value", "val"})


class KeyVerdict(NamedTuple):
    """What a key says of its value.

    Attributes:
        degree: `secret`: the value goes whatever it is; `hint`: it goes if it looks random; `innocent`.
        kind: the kind of secret, for the marker; empty for an innocent key.
    """

    degree: Degree
    kind: str = ""


INNOCENT = KeyVerdict("innocent")
_HINT = KeyVerdict("hint", "entropy")


class SensitiveKeys:
    """The built-in words, a user's own keys and a user's exceptions."""

    def __init__(self, keys: Iterable[str] = (), innocent_keys: Iterable[str] = ()) -> None:
        """Take *keys* as sensitive in any spelling, also as part of a longer key, and *innocent_keys* as innocent."""
        self._own = tuple(filter(None, (tuple(words_of(key)) for key in keys)))
        self._innocent = frozenset(filter(None, (tuple(words_of(key)) for key in innocent_keys)))

    def judge(self, key: str) -> KeyVerdict:
        """Return what *key* says of its value."""
        if key in CORRELATION or len(key) > _MAX_KEY:
            return INNOCENT
        words = words_of(key)
        if not words or len(words) > _MAX_WORDS or tuple(words) in self._innocent:
            return INNOCENT
        if any(_contains(words, own) for own in self._own):
            return KeyVerdict("secret", "key")
        return _judge_words(words)


def named_secret(attributes: Mapping[str, Any], judge: Callable[[str], KeyVerdict]) -> str:
    """Return the sensitive key that *attributes* give as the name of their value, as environments of containers do."""
    for name_key in _NAME_KEYS:
        name = attributes.get(name_key)
        if type(name) is str and judge(name).degree == "secret":
            return name
    return ""


def words_of(key: str) -> list[str]:
    """Return the words of a key in lower case: `X-Api-Key`, `apiKey` and `API_KEY` are all `api`, `key`."""
    return [word.lower() for word in _WORD.findall(key)]


def _judge_words(words: list[str]) -> KeyVerdict:
    while len(words) > 1 and (_NUMBERED.fullmatch(words[-1]) or words[-1] in _VALUE_WORDS):
        words = words[:-1]
    if words[-1] in ABOUT_WORDS and not _is_secret_id(words):
        return INNOCENT
    kind = _kind_of(words)
    if kind:
        return KeyVerdict("secret", kind)
    if not HINT_WORDS.isdisjoint(words) and HINT_INNOCENT.isdisjoint(words):
        return _HINT
    return INNOCENT


def _is_secret_id(words: list[str]) -> bool:
    return words[-2:] == ["secret", "id"]  # of an AppRole: itself the secret


def _kind_of(words: list[str]) -> str:
    for word in words:
        kind = SECRET_WORDS.get(word)
        if kind and not (kind == "token" and words[-1] != word):
            return kind
    for pair in pairwise(words):
        if pair in SECRET_PAIRS:
            return SECRET_PAIRS[pair]
    return _kind_of_last(words)


def _kind_of_last(words: list[str]) -> str:
    last = words[-1]
    if last == "token":
        return "" if not TOKEN_INNOCENT_BEFORE.isdisjoint(words[:-1]) else "token"
    return next((kind for ending, kind in SECRET_ENDINGS if last.endswith(ending)), "")


def _contains(words: list[str], part: tuple[str, ...]) -> bool:
    return any(tuple(words[start : start + len(part)]) == part for start in range(len(words) - len(part) + 1))
