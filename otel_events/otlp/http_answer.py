"""What an HTTP answer to an OTLP request means, by the OTLP specification."""

from __future__ import annotations

import math
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from otel_events.otlp.outcome import Accepted, Outcome, Refused, Retry, TooLarge, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import Message

_RETRYABLE = frozenset({429, 502, 503, 504})
_GO_TOO_LARGE = "http: request body too large"
_PROTOBUF = "application/x-protobuf"
_FINAL = b"HTTP/1.1 2"  # 100 is followed by another answer
_DATE = re.compile(rb"\r\ndate:[^\r\n]*", re.IGNORECASE)
# What a status usually means for somebody who has just pointed us at a place.
_ADVICE = {
    401: "check the headers",
    403: "check the headers",
    404: "check the path: for OTLP over HTTP it usually ends in /v1/logs or /v1/traces",
    405: "check the URL",
}


class Answer(NamedTuple):
    """An HTTP response, read up to a bound."""

    status: int
    phrase: str
    headers: Message
    body: bytes


class Repetitions:
    """Knows an acceptance again: servers say it with the same bytes each time, but for the date.

    To read it as HTTP is most of what it costs to send a small request.
    """

    def __init__(self) -> None:
        self._head = self._body = b""
        self._meant = Accepted()

    def is_begun(self, received: bytes) -> bool:
        """Return whether *received* is the head of what was said before, and some of the body is still to come."""
        head, body = _part(received)
        return bool(head) and head == self._head and body != self._body and self._body.startswith(body)

    def find(self, received: bytes) -> Accepted | None:
        """Return what *received* means; None if it has to be read."""
        head, body = _part(received)
        return self._meant if head and head == self._head and body == self._body else None

    def remember(self, received: bytes, body: bytes, accepted: Accepted) -> None:
        """Remember that *received*, of which the head must be whole, was the beginning of an answer with this *body*."""
        self._head, self._body, self._meant = _part(received)[0], body, accepted


def _part(received: bytes) -> tuple[bytes, bytes]:
    """Return the head of an answer without its date, and what there is of the body; no head if it is not whole."""
    head, end, body = received.partition(b"\r\n\r\n")
    return (_DATE.sub(b"", head, count=1), body) if end and head.startswith(_FINAL) else (b"", b"")


def interpret(answer: Answer, decode_response: Callable[[bytes], tuple[int, str]]) -> Outcome:
    """Return what *answer* says became of the request."""
    if 200 <= answer.status < 300:
        return _read_success(answer, decode_response)
    reason = say(f"HTTP {answer.status} {answer.phrase}".strip(), _read_message(answer))
    if answer.status in _RETRYABLE:
        return Retry(reason, read_retry_after(answer.headers.get("Retry-After")))
    # The Collector says 400 where 413 is meant (seen with 0.155), in the words of Go's MaxBytesReader.
    if answer.status == 413 or (answer.status == 400 and _GO_TOO_LARGE in reason):
        return TooLarge(reason)
    # Redirects are not followed: what they lead to was never configured, and would get our headers.
    location = f"redirects to {answer.headers.get('Location', 'nowhere')}" if 300 <= answer.status < 400 else ""
    return Refused(say(reason, location, _ADVICE.get(answer.status, "")))


def _read_success(answer: Answer, decode_response: Callable[[bytes], tuple[int, str]]) -> Outcome:
    declared = answer.headers.get("Content-Type")
    if declared is None:
        return Accepted()
    kind = _PROTOBUF if declared == _PROTOBUF else answer.headers.get_content_type()
    if kind == "text/html":
        # A captive portal or a login page says 200 to everything; to believe it would be to lose everything silently.
        return Refused("answered with a web page: this is no OTLP endpoint")
    return Accepted(*decode_response(answer.body)) if kind == _PROTOBUF else Accepted()


def _read_message(answer: Answer) -> str:
    if answer.headers.get_content_type() == "text/html":
        return ""  # a page for people; the status line says as much
    from otel_events.otlp.decode import decode_status  # heavy: only who fails pays for it

    return decode_status(answer.body)[0]


def read_retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, None if it is absent or says nothing."""
    if value is None:
        return None
    from email.utils import parsedate_to_datetime

    try:
        seconds = (
            float(value) if value.strip()[:1].isdigit() else parsedate_to_datetime(value).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
