"""Secrets that can be told by their structure: tokens that sign themselves, keys, credentials in URLs, hashes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from otel_events.lazy_pattern import lazy_pattern
from otel_events.redaction.checks import has_mixed_characters, is_random
from otel_events.redaction.rule import Rule, Trigger, pattern_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_events.redaction.rule import Span

_URL = "url_credentials"
_KEY_BEGIN = lazy_pattern(r"-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_KEY_END = lazy_pattern(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}")
_BASE64_AND_SPACE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\\ \t\r\n")
_PUTTY_BEGIN = lazy_pattern(r"Private-Lines: ?[0-9]{1,4}")
_BASE64_LINES = re.compile(r"[A-Za-z0-9+/=\s\\]*")
_USERINFO = lazy_pattern(r"://(?!\[)([^\s:/?#@\"'<>]{0,256}):(?![0-9]{1,5}[/?#\s]|[0-9]{1,5}$)(?=[^\s\"'<>]{0,512}@)")
_PASSWORD = lazy_pattern(r"[^\s/?#\"'<>]{0,512}@")
# Up to what can be all of a host: the password itself has an @, and perhaps a / or a # before it.
_ODD_PASSWORD = lazy_pattern(
    r"[^\s\"'<>]{0,512}?@(?=(?:[A-Za-z0-9.\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?:[:/?,;\s\"'<>)]|$))"
)
_LAST_AT = lazy_pattern(r"(?:(?!://)[^\s\"'<>?]){0,512}@(?=[A-Za-z0-9\[])")
# In their paths an @ is common; in those of databases and brokers it belongs to the password.
_WITH_PATHS = ("http", "https", "ws", "wss", "ftp", "sftp", "ssh", "git", "file")
_MASKED = lazy_pattern(r"\*{1,64}|xxxxx|•{1,64}")  # as SQLAlchemy and Go write URLs
_USER_ALONE = lazy_pattern(r"://([^\s:/?#@\"'<>]{16,512})@")


def _private_keys(text: str) -> Iterator[Span]:
    yield from _headless_key(text)
    position = 0
    while (begin := _KEY_BEGIN.search(text, position)) is not None:
        end = text.find("END", begin.end())
        # Without an end it was cut off: all that follows may belong to it.
        position = len(text) if end < 0 else _end_of_line(text, end)
        yield begin.start(), position, "private_key"


def _headless_key(text: str) -> Iterator[Span]:
    """Yield what ends as a private key before one has begun: its beginning was cut away."""
    end = _KEY_END.search(text)
    begin = _KEY_BEGIN.search(text, 0, end.start()) if end is not None else None
    if end is not None and begin is None:
        start = end.start()
        while start > 0 and text[start - 1] in _BASE64_AND_SPACE:
            start -= 1
        yield start, end.end(), "private_key"


def _end_of_line(text: str, position: int) -> int:
    close = re.compile(r"[A-Z0-9 ]{0,60}-{0,5}").match(text, position)
    return close.end() if close is not None else position


def _putty_keys(text: str) -> Iterator[Span]:
    for begin in _PUTTY_BEGIN.finditer(text):
        lines = _BASE64_LINES.match(text, begin.end())
        if lines is not None:
            yield begin.end(), lines.end(), "private_key"


def _url_credentials(text: str) -> Iterator[Span]:
    """Yield the user and the password of each URL, each by itself."""
    position = 0
    while (user := _USERINFO.search(text, position)) is not None:
        position = user.end()
        password = _password_at(text, user)
        if password is None:
            continue
        if _MASKED.fullmatch(text, position, password.end() - 1) and not is_random(user[1]):
            position = password.end()
            continue
        if user[1] and not _is_marker(user[1]):
            yield *user.span(1), _URL
        position = password.end()
        yield user.end(), position - 1, _URL
    for alone in _USER_ALONE.finditer(text):
        if has_mixed_characters(alone[1]) and is_random(alone[1]):
            yield *alone.span(1), _URL


def _password_at(text: str, user: re.Match[str]) -> re.Match[str] | None:
    position = user.end()
    scheme = text[max(user.start() - 8, 0) : user.start()].lower()
    if not scheme.endswith(_WITH_PATHS) and (found := _LAST_AT.match(text, position)) is not None:
        return found
    return _PASSWORD.match(text, position) or _ODD_PASSWORD.match(text, position)


def _is_marker(text: str) -> bool:
    return text.startswith(("*", "{", "$", "%"))


SHAPE_RULES: tuple[Rule, ...] = (
    Rule("private_key", Trigger.WORD, ("private key",), _private_keys, "a private key between its BEGIN and END lines"),
    Rule("private_key", Trigger.WORD, ("private-lines",), _putty_keys, "the private lines of a PuTTY key file"),
    pattern_rule(
        "jwt",
        Trigger.RUN,
        ("eyj",),
        r"(?<![A-Za-z0-9])eyJ[A-Za-z0-9_\-]{8,4096}\.[A-Za-z0-9_\-]{8,8192}(?:\.[A-Za-z0-9_\-]{0,8192}){0,3}",
        is_extended=True,
        brief="a JSON Web Token: dotted Base64 parts of which the first is a JSON object",
    ),
    Rule(_URL, Trigger.AT, ("://",), _url_credentials, "user and password before the @ of a URL"),
    pattern_rule(
        _URL,
        Trigger.AT,
        ("jdbc:oracle",),
        r"jdbc:oracle:\w{1,16}:[^\s/@]{1,128}/(?P<secret>[^\s@]{1,256})@",
        brief="user/password before the @ of an Oracle address",
    ),
    pattern_rule(
        "webhook",
        Trigger.RUN | Trigger.WORD,
        ("hooks.slack.com/", "hooks.zapier.com/", "/api/webhooks/", "webhook.office.com/", "chat.googleapis.com/"),
        r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|hooks\.zapier\.com/hooks/catch/|/api/webhooks/"
        r"|webhook\.office\.com/webhookb2/|chat\.googleapis\.com/v1/spaces/)(?P<secret>[^\s\"'<>)]{8,512})",
        brief="the part of a web hook's address that lets one post",
    ),
    pattern_rule(
        "password_hash",
        Trigger.RUN,
        ("$",),
        r"(?:\$(?:2[abxy]?|5|6|y|7|apr1|argon2(?:id|i|d)|scrypt|pbkdf2[a-z0-9\-]{0,16})|\bpbkdf2_sha[0-9]{1,3})"
        r"\$[^\s\"'<>]{20,512}",
        brief="the hash of a password in crypt's form",
    ),
)
