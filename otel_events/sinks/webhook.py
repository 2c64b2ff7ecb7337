"""The sink that posts events as JSON to a URL."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from otel_events.errors import ConfigurationError, ProblemsError
from otel_events.otlp.endpoint import Endpoint
from otel_events.otlp.http import HttpTransport
from otel_events.otlp.http_answer import read_retry_after
from otel_events.otlp.outcome import Accepted, Refused, Retry, TooLarge, say
from otel_events.otlp.tenant import tenant_of
from otel_events.sinks.message_sink import Destination, MessageSink
from otel_events.sinks.messages import read_messages
from otel_events.sinks.plan import check_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otel_events.otlp.http_answer import Answer
    from otel_events.otlp.outcome import Outcome
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.message_sink import Materials
    from otel_events.sinks.shapes import Shape

_LATER = frozenset({408, 425, 429})
_SECRET_PREFIX = "whsec_"  # noqa: S105 - how the convention writes keys
_MOST_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, repr=False)
class Webhook:
    """Events posted as JSON: one object a request, or an array of up to *batch*.

    Attributes:
        url: to post to.
        headers: sent with every request; their values are secrets.
        secret: signs each request by the convention of Standard Webhooks; `whsec_` and base64, or any text.
        batch: 1 posts each event as an object; more posts arrays of up to so many.
        shape: `line`, `flat`, `broadcast`, or a function from the ledger's line to what is JSON.
        timeout: seconds for one request, all in all.
        certificate: PEM file of the authorities to trust instead of the system's.
        client_certificate: PEM file that shows who we are.
        client_key: its key, unless the certificate's file holds it.
        name: by which routes and counts know the sink.

    Raises:
        ConfigurationError: it cannot work.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = None
    batch: int = 1
    shape: Shape = "line"
    timeout: float = 10.0
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    name: str = "webhook"

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        check_plan("Webhook", self.name, self._problems())

    def __repr__(self) -> str:
        """Name the place; headers, credentials and secret stay out of logs and tracebacks."""
        return f"Webhook({self.endpoint.address!r}, batch={self.batch})"

    @property
    def endpoint(self) -> Endpoint:
        """Where to post, in the transport's words; or raise ConfigurationError."""
        return Endpoint(
            self.url,
            headers=self.headers,
            timeout=self.timeout,
            certificate_file=self.certificate,
            client_certificate_file=self.client_certificate,
            client_key_file=self.client_key,
        )

    def build(self, materials: Materials) -> MessageSink:
        """Return the sink; nothing is connected yet."""
        return MessageSink(self.destination(), self.transport(), materials)

    def destination(self) -> Destination:
        """Return where messages go."""
        endpoint = self.endpoint
        return Destination(self.name, endpoint.address, (tenant_of(endpoint),), self.shape, max_messages=self.batch)

    def transport(self) -> Transport:
        """Return what sends them; it connects at its first `send`."""
        return _Transport(self.endpoint, self.secret, self.batch)

    def _problems(self) -> Iterator[str]:
        try:
            _ = self.endpoint
        except ConfigurationError as error:
            yield from error.problems
        if not 1 <= self.batch <= _MOST_AT_ONCE:
            yield f"batch {self.batch!r} must be from 1 to {_MOST_AT_ONCE}"
        if self.secret is not None:
            try:
                _key_of(self.secret)
            except ProblemsError as error:
                yield from error.problems


class _Transport(HttpTransport):
    """Posts messages, signed if there is a secret."""

    content_type = "application/json"

    def __init__(self, endpoint: Endpoint, secret: str | None, batch: int) -> None:
        super().__init__(endpoint, decode_response=lambda _: (0, ""))
        self._key = None if secret is None else _key_of(secret)
        self._batch = batch
        self._id = ""

    def send(self, body: bytes, encoding: str | None, deadline: float) -> Outcome:
        """Post the messages of *body* and return what became of them."""
        messages = read_messages(body)
        if len(messages) > self._batch:  # left by a process that was told otherwise
            return TooLarge(f"{len(messages)} events are more than one request may have")
        payloads = [message.payload for message in messages]
        # The same when it is sent again, so that a receiver can tell.
        uids = "\n".join(message.uid for message in messages)
        self._id = f"msg_{hashlib.sha256(uids.encode() + body).hexdigest()[:32]}"
        posted = b"[" + b",".join(payloads) + b"]" if self._batch > 1 else payloads[0]
        return super().send(posted, encoding, deadline)

    def _describe(self, body: bytes) -> bytes:
        if self._key is None:
            return b"webhook-id: %s\r\n" % self._id.encode()
        stamp = int(time.time())
        signed = b"%s.%d.%s" % (self._id.encode(), stamp, body)
        signature = base64.b64encode(hmac.digest(self._key, signed, "sha256"))
        return b"webhook-id: %s\r\nwebhook-timestamp: %d\r\nwebhook-signature: v1,%s\r\n" % (
            self._id.encode(),
            stamp,
            signature,
        )

    def _interpret(self, answer: Answer) -> Outcome:
        if 200 <= answer.status < 300:
            return Accepted()
        reason = say(f"HTTP {answer.status} {answer.phrase}".strip())
        if answer.status >= 500 or answer.status in _LATER:
            return Retry(reason, read_retry_after(answer.headers.get("Retry-After")))
        if answer.status == 413:
            return TooLarge(reason)
        location = "redirects are not followed" if 300 <= answer.status < 400 else ""
        return Refused(say(reason, location))


def _key_of(secret: str) -> bytes:
    """Return the key that *secret* names, or raise ConfigurationError."""
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ConfigurationError(
            "this secret cannot be used", ["a secret that begins with whsec_ goes on in base64"]
        ) from None
