"""Secrets that a text assigns to a key: `key=value`, `key: value`, JSON, code, flags, XML, SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_events.lazy_pattern import lazy_pattern
from otel_events.redaction.assigned_values import Assigned, assigned_at, header_at, is_prose, is_secret, whole
from otel_events.redaction.checks import is_random
from otel_events.redaction.keys import words_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator

    from otel_events.redaction.keys import KeyVerdict
    from otel_events.redaction.rule import Span

_DURATION = lazy_pattern(r"[0-9.]{1,12}[a-zµ%]{1,3}")
_PGP_KEY_ID = lazy_pattern(r"[0-9A-F]{16}:?")
_BEFORE = (  # words that belong to a key although a space follows them, as people write it
    "api access secret private account shared signing encryption auth authentication client bearer refresh bot personal"
    " master security credit card debit pass db database user root admin login service session wifi ssh aws azure mot de"
)
_SAID_OF_IT = r"(?:provided|given|used|received)(?=:)"
_HEAD = lazy_pattern(
    rf"(?<![A-Za-z0-9])(?:-D)?(?P<key>(?:(?i:{'|'.join(_BEFORE.split())})[ ]){{0,3}}(?!{_SAID_OF_IT})"
    r"[A-Za-zÀ-ÿ][\wÀ-ÿ.\-]{1,63})"
    r"(?![\wÀ-ÿ.\-])"  # a part of a key is followed by no sign: there is nothing to go back for
    rf"(?:[ ]{_SAID_OF_IT})?"
    r"(?:\\{0,7}(?:[\"'`]|\*\*)?\]?[ \t]{0,64}(?P<sign>=>|:=|=(?!=)|(?:%22)?%3[aAdD](?:%22)?"
    r"|:[ ]?(?:str|bytes|[Ss]tring|SecretStr)[ ]=(?!=)"
    r"|:[ ]?(?:[>|][+\-]?)?\r?\n(?=[ \t]{1,64}[^\s:=]{6,512}[ ]?(?:\r?\n|$))"  # in the next line, alone
    r"|:(?!//|:))"
    r"|\\{0,7}[\"'][ ]?(?P<comma>,)[ ]?(?=[bBfFrRuU]?\\{0,7}[\"'])"
    r"|[ ](?P<verb>is|was)[ ]?:?(?=[ ])"
    r"|[ ]{0,64}(?P<column>\t|\|)"
    r"|(?P<apposition>[ ])(?=[^\s=]{16}))"
)
_PORT = lazy_pattern(r"[0-9]{2,5}(?![\w.\-])")
_PAIR_END = lazy_pattern(r"\\{0,7}[\"']{1,3}\s?[\])]")
_FLAG = lazy_pattern(r"(?<![\w\-])(?:--?|(?:ENV|setenv)[ ])(?P<key>[A-Za-z][\w\-]{1,40})[ \t]{1,4}(?![\-=])")
_LINE_END = lazy_pattern(r"[.!?…]{0,4}[ \t]{0,8}(?:\r?\n|$)")
_FLAG_HELP = lazy_pattern(r"[A-Z_]+|string|strings|text|value|file|path|str|name")
_NAMED = lazy_pattern(
    r"\b(?:name|key|Name|Key|NAME|KEY)\\{0,7}[\"']?\s{0,4}[=:]\s{0,4}\\{0,7}[\"']?(?P<key>[\w.\-\[\]]{2,64}|(?<=[\"'])[\w .\-]{2,64})"
    r"\\{0,7}[\"']?(?:\s{0,8},?\s{0,16}\\{0,7}[\"']?(?:value|Value|VALUE)\\{0,7}[\"']?\s{0,4}[=:]|(?P<form>(?:\r?\n|\\r\\n){2}))"
)
_PROPERTY = lazy_pattern(r"<key>(?P<key>[^<>]{2,64})</key>\s{0,64}<string>(?P<value>[^<>]{1,4096})</")
_ELEMENT = lazy_pattern(r"<(?:\w{1,20}:)?(?P<key>[A-Za-z][\w.\-]{1,63})(?:\s[^<>]{0,256})?>(?P<value>[^<>]{1,4096})</")


class Assignments:
    """Finds what a text assigns to keys that are sensitive."""

    def __init__(self, judge: Callable[[str], KeyVerdict]) -> None:
        """Take *judge* to say which keys are sensitive."""
        self._judge = judge

    def find(self, text: str) -> Iterator[Span]:
        """Yield start, end and kind of each secret that *text* assigns to a key."""
        yield from self._pairs(text)
        if "-" in text or "env " in text.lower():
            yield from self._flags(text)
        if "ame" in text or "alue" in text or "ALUE" in text:
            yield from self._named(text)
        if "</" in text:
            yield from self._elements(text)

    def _pairs(self, text: str) -> Iterator[Span]:
        position = 0
        while (head := _HEAD.search(text, position)) is not None:
            position = head.end()
            verdict = self._judge(head["key"])
            if verdict.degree == "innocent" or _is_address(text, head) or (head["comma"] and not _is_pair(text, head)):
                continue
            value: Assigned | None = assigned_at(text, position)
            if verdict.kind in {"authorization", "cookie"}:
                value = header_at(text, value, verdict.kind)  # type: ignore[arg-type]  # it is one
            if value is not None and self._is_secret(text, value, verdict, head):
                end = whole(text, value).end
                yield value.start, end, verdict.kind
                position = max(position, end)

    def _is_secret(self, text: str, value: Assigned, verdict: KeyVerdict, head: re.Match[str]) -> bool:
        found = text[value.start : value.end]
        if verdict.degree == "hint" or head["apposition"]:
            return is_random(found) and not _is_name(text, head, found)
        if head["verb"] or head["column"] or "\n" in (head["sign"] or ""):
            return _is_made_up(found)
        if "." in head["key"] and head["sign"] == ":" and not value.is_quoted and found.replace("-", "").isalpha():
            return False  # the name of a logger, and what it said
        is_tight = head["comma"] is not None or (head["sign"] != ":" and " " not in head[0][len(head["key"]) :])
        # `token` alone may be one of a language; `auth_token` and the like are none.
        name = head["key"].rpartition(".")[2]
        if found == name:
            return False  # `self.token = token`
        is_name = " " not in name and len(words_of(name)) > 1
        is_tight = is_tight or (is_name and (value.is_quoted or not is_prose(text, value)))
        is_tight = is_tight or (head["sign"] == ":" and text[head.end() : head.end() + 1] not in {"", " "})
        is_tight = is_tight or (_is_line(text, head, value) and _is_made_up(found) and not found.isidentifier())
        return is_secret(text, value, verdict.kind, is_tight=is_tight)

    def _flags(self, text: str) -> Iterator[Span]:
        for flag in _FLAG.finditer(text):
            verdict = self._judge(flag["key"])
            if verdict.degree != "secret":
                continue
            value = assigned_at(text, flag.end())
            found = text[value.start : value.end]
            if not _FLAG_HELP.fullmatch(found) and is_secret(text, value, verdict.kind, is_tight=True):
                yield value.start, value.end, verdict.kind

    def _named(self, text: str) -> Iterator[Span]:
        """Yield values of `name: password, value: ...`, as environments of containers, lists of headers and forms have it."""
        for named in _NAMED.finditer(text):
            verdict = self._judge(named["key"])
            if verdict.degree == "secret":
                value = assigned_at(text, named.end())
                if is_secret(text, value, verdict.kind, is_tight=True):
                    yield value.start, value.end, verdict.kind

    def _elements(self, text: str) -> Iterator[Span]:
        for element in (*_ELEMENT.finditer(text), *_PROPERTY.finditer(text)):
            verdict = self._judge(element["key"])
            value = Assigned(*element.span("value"), is_quoted=True)
            if verdict.degree == "secret" and is_secret(text, value, verdict.kind, is_tight=True):
                yield value.start, value.end, verdict.kind


def _is_address(text: str, head: re.Match[str]) -> bool:
    """Tell whether the key is the name of a host and the value the number of its port, or both are parts of an ARN."""
    if head["sign"] == ":" and text[max(head.start() - 1, 0) : head.start()] == ":":
        return True  # of an ARN, whose parts have colons between
    if head["sign"] != ":" or not _PORT.match(text, head.end("sign")):
        return False
    return "." in head["key"] or text[max(head.start() - 2, 0) : head.start()] in {"//", "> "}


def _is_pair(text: str, head: re.Match[str]) -> bool:
    """Tell whether key and value are all that is in brackets, and not two of many words."""
    before = text[max(head.start() - 6, 0) : head.start()].rstrip("\\\"'#bBrRuU")
    value = assigned_at(text, head.end())
    return before.endswith(("(", "[")) and _PAIR_END.match(text, value.end) is not None


def _is_name(text: str, head: re.Match[str], found: str) -> bool:
    """Tell whether what looks random is the public name of a key: of an entry in a cache, or of a PGP key."""
    is_cached = "cache" in text[max(head.start() - 40, 0) : head.start()].lower()
    return is_cached or (head["apposition"] is not None and _PGP_KEY_ID.fullmatch(found) is not None)


def _is_line(text: str, head: re.Match[str], value: Assigned) -> bool:
    """Tell whether `key = value` is all of a line, as in a file of settings."""
    is_begin = head["sign"] == "=" and text[max(head.start() - 1, 0) : head.start()] in {"", "\n"}
    return is_begin and _LINE_END.match(text, value.end) is not None


def _is_made_up(found: str) -> bool:
    """Tell whether *found*, of which a sentence says that it is a secret, is no word of the sentence."""
    if len(found) < 6 or found.isalpha() or is_nothing_but_digits(found):
        return False
    return _DURATION.fullmatch(found) is None


def is_nothing_but_digits(found: str) -> bool:
    """Tell whether *found* is a number."""
    return found.replace(".", "").replace(",", "").isdigit()


ASSIGNMENT_NEEDLES = (
    *("pass", "pwd", "secret", "token", "key", "auth", "cred", "cookie", "bearer", "sig=", "srf", "sessid", "kennwort"),
    *("mnemonic", "contrase", "senha", "wachtwoord", "pw=", "pw:", "cvv", "cvc"),
)
