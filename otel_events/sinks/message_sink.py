"""The sink that sends messages: events shaped as JSON, put into a spool, delivered by a sender of their own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import orjson

from otel_events.notices import told
from otel_events.sinks.joining import Joining
from otel_events.sinks.messages import Message, halve_messages, write_message
from otel_events.sinks.sender import Sender
from otel_events.sinks.shapes import Shaper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.notices import Notices
    from otel_events.otlp.transport import Transport
    from otel_events.sinks.backoff import Backoff
    from otel_events.sinks.shapes import Shape
    from otel_events.spool.queue import Pending, Spool

MAX_BYTES = 512 * 1024
MAX_MESSAGES = 512


class MakeSpool(Protocol):
    """Makes the spool of one sink."""

    def __call__(self, signal: str, destination: str, tenant: str, *, accounts: Accounts) -> Spool:
        """Return a spool that counts its losses in *accounts*."""


@dataclass(frozen=True, slots=True)
class Materials:
    """What a sink of messages is made of, beside what its user says of it.

    Attributes:
        service: the program's `service.name`.
        writer_id: the prefix of its uids.
        accounts: where the fate of events is counted.
        notices: where outages and losses are told.
        make_spool: makes what stands in front of the network.
        backoff: how long to wait between attempts.
    """

    service: str
    writer_id: str
    accounts: Accounts
    notices: Notices
    make_spool: MakeSpool
    backoff: Backoff | None = None


class SinkPlan(Protocol):
    """What a user says of a sink of messages; each `configure` makes a sink of it anew."""

    @property
    def timeout(self) -> float:
        """Seconds for one attempt."""

    @property
    def name(self) -> str:
        """By which routes and counts know the sink."""

    def build(self, materials: Materials) -> MessageSink:
        """Return the sink; nothing is connected yet."""

    def destination(self) -> Destination:
        """Return where messages go."""

    def transport(self) -> Transport:
        """Return what sends them; it connects at its first `send`."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where messages go, and how.

    Attributes:
        name: of the sink.
        address: without credentials, fit for warnings.
        facts: what else tells apart whose messages wait: places and users within the address.
        shape: of the payloads.
        subject: returns where within the destination an event goes.
        max_messages: the most in one request.
    """

    name: str
    address: str
    facts: tuple[object, ...]
    shape: Shape
    subject: Callable[[dict[str, Any]], str] | None = None
    max_messages: int = MAX_MESSAGES

    @property
    def tenant(self) -> str:
        """A hash of the facts; empty if there are none."""
        if not any(self.facts):
            return ""
        return hashlib.sha256(json.dumps(self.facts, default=str).encode()).hexdigest()


class MessageSink:
    """Shape, append to a spool, and let a sender deliver: in order, with retries, at least once.

    Counts as dropped, after its name: `_left_out` (the shape returned None), `_unshaped` (it raised), `_refused` and
    `_too_large` (given up, kept in quarantine), `_rejected` (part of a request).
    """

    def __init__(self, destination: Destination, transport: Transport, materials: Materials) -> None:
        self.name = destination.name
        self._shaper = Shaper(destination.shape, service=materials.service, writer_id=materials.writer_id)
        self._subject = destination.subject
        self._max_messages = destination.max_messages
        self._accounts = materials.accounts
        self._notices = materials.notices
        self._sender = Sender(
            name=self.name,
            address=destination.address,
            spool=materials.make_spool(self.name, destination.address, destination.tenant, accounts=materials.accounts),
            transport=transport,
            accounts=materials.accounts,
            notices=materials.notices,
            backoff=materials.backoff,
            joining=Joining(MAX_BYTES, destination.max_messages, halve_messages),
        )

    @property
    def outlives_process(self) -> bool:
        """Whether no message waits in memory alone."""
        return self._sender.outlives_process

    def write(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""
        self.send(message for event in events if (message := self._shape(event)) is not None)

    def send(self, messages: Iterable[Message]) -> None:
        """Take messages that are made already. Never waits for the network."""
        lines: list[bytes] = []
        size = 0
        for message in messages:
            line = write_message(message)
            if lines and (size + len(line) > MAX_BYTES or len(lines) >= self._max_messages):
                self._sender.append(b"".join(lines), len(lines))
                lines, size = [], 0
            lines.append(line)
            size += len(line)
        if lines:
            self._sender.append(b"".join(lines), len(lines))

    def start(self) -> None:
        """Begin to send what is in the spool already."""
        self._sender.start()

    def pending(self) -> Pending:
        """Return what is not delivered yet."""
        return self._sender.pending()

    def hurry(self) -> None:
        """Make the next attempt now, unless the destination asked for the wait."""
        self._sender.hurry()

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written was taken by *deadline*, and nothing lost since the last flush."""
        return self._sender.flush(deadline)

    def close(self, deadline: float) -> bool:
        """Deliver what can be delivered by *deadline* and stop; True as for `flush`."""
        return self._sender.close(deadline)

    def _shape(self, event: Event) -> Message | None:
        try:
            line = self._shaper.line(event)
            payload = self._shaper.payload(event, line)
            if payload is None:
                self._accounts.dropped.add(f"{self.name}_left_out")
                return None
            subject = "" if self._subject is None else self._subject(orjson.loads(line))
        except Exception as error:  # of the user's function, which must not cost the other events of the batch
            self._accounts.dropped.add(f"{self.name}_unshaped")
            self._notices.warn(
                f"{self.name}_unshaped", f"event {event.name!r} has no form for sink '{self.name}': {told(error)}"
            )
            return None
        return Message(event.uid, subject, payload)
