"""The sink that sends events and spans to OTLP endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from otel_events.accounting import Accounts
from otel_events.otlp.compression import compress
from otel_events.otlp.encode import EncodeError, LogEncoder, SpanEncoder
from otel_events.otlp.transport import make_transport
from otel_events.pipeline.batch import Batch
from otel_events.sinks.joining import Joining
from otel_events.sinks.sender import Sender
from otel_events.spool.memory import MemorySpool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from otel_events.event import Event, Value
    from otel_events.notices import Notices
    from otel_events.otlp.endpoint import Endpoint, Signal
    from otel_events.sinks.backoff import Backoff
    from otel_events.spool.queue import Pending, Spool

# Half of what gRPC servers take by default, for those in between that take less. 512 usual records are a tenth of it.
DEFAULT_MAX_REQUEST_BYTES = 2 * 1024 * 1024
DEFAULT_MAX_BATCH = 512

_Record = TypeVar("_Record")


class SpoolFactory(Protocol):
    """Makes the spool of one signal and destination."""

    def __call__(self, signal: Signal, endpoint: Endpoint, *, accounts: Accounts) -> Spool:
        """Return a spool that counts its losses in *accounts*."""


class OtlpSink:
    """Encode, append to a spool, and let one sender thread for each signal deliver.

    Args:
        logs: where events go; None if nowhere.
        traces: where spans go; None if nowhere.
        resource: the attributes of who emits. Spans bring their own.
        accounts: where the fate of events is counted.
        notices: where outages and losses are told.
        span_accounts: where the fate of spans is counted: apart, so that the sums of events come out even.
        max_request_bytes: the bound of one request before compression; a single record may be larger.
        max_batch: the most records in one request.
        spool_factory: makes the spools; in memory by default.
        backoff: how long to wait between attempts.
    """

    name = "otlp"

    def __init__(
        self,
        *,
        logs: Endpoint | None,
        traces: Endpoint | None,
        resource: Mapping[str, Value],
        accounts: Accounts,
        notices: Notices,
        span_accounts: Accounts | None = None,
        max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES,
        max_batch: int = DEFAULT_MAX_BATCH,
        spool_factory: SpoolFactory | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.span_accounts = Accounts() if span_accounts is None else span_accounts
        self._notices = notices
        self._max_request_bytes = max_request_bytes
        self._max_batch = max_batch
        self._make_spool = spool_factory or _make_memory_spool
        self._backoff = backoff
        log_encoder = LogEncoder(resource, on_unencodable=self._leave_out(accounts))
        span_encoder = SpanEncoder(on_unencodable=self._leave_out(self.span_accounts))
        self._logs = self._make_lane("logs", logs, accounts, log_encoder)
        self._traces = self._make_lane("traces", traces, self.span_accounts, span_encoder)
        lanes: dict[Signal, _Lane[Event] | _Lane[ReadableSpan] | None] = {"logs": self._logs, "traces": self._traces}
        self._senders = {signal: lane.sender for signal, lane in lanes.items() if lane is not None}

    @property
    def outlives_process(self) -> bool:
        """Whether no event waits in memory alone."""
        return self._logs is None or self._logs.sender.outlives_process

    def write(self, events: Sequence[Event]) -> None:
        """Take a batch of events."""
        if self._logs is not None:
            self._logs.write(events)

    def write_spans(self, spans: Sequence[ReadableSpan]) -> None:
        """Take a batch of ended spans."""
        if self._traces is not None:
            self._traces.write(spans)

    def start(self) -> None:
        """Begin to send what is in the spools already."""
        for sender in self._senders.values():
            sender.start()

    def pending(self) -> dict[Signal, Pending]:
        """Return what is not delivered yet, by signal."""
        return {signal: sender.pending() for signal, sender in self._senders.items()}

    def hurry(self) -> None:
        """Make the next attempts now, unless a server asked for the wait."""
        for sender in self._senders.values():
            sender.hurry()

    def flush(self, deadline: float) -> bool:
        """Return True only if all that was written was accepted by *deadline*, and nothing lost since the last flush."""
        self.hurry()  # all of them at once, before waiting for the first
        results = [
            sender.flush(deadline) for sender in self._senders.values()
        ]  # each of them, whatever the first one says
        return all(results)

    def close(self, deadline: float) -> bool:
        """Deliver what can be delivered by *deadline* and stop; True as for `flush`."""
        for sender in self._senders.values():
            sender.begin_close(deadline)
        results = [
            sender.close(deadline) for sender in self._senders.values()
        ]  # each of them, whatever the first one says
        return all(results)

    def _make_lane(
        self, signal: Signal, endpoint: Endpoint | None, accounts: Accounts, encoder: _Encoder[_Record]
    ) -> _Lane[_Record] | None:
        if endpoint is None:
            return None
        # gRPC compresses by itself, what it sends.
        is_gzip = endpoint.is_compressed and endpoint.protocol == "http/protobuf"
        sender = Sender(
            name=self.name,
            address=endpoint.address,
            spool=self._make_spool(signal, endpoint, accounts=accounts),
            transport=make_transport(endpoint, signal),
            accounts=accounts,
            notices=self._notices,
            backoff=self._backoff,
            joining=Joining(self._max_request_bytes, self._max_batch),
        )
        return _Lane(sender, encoder, self._max_request_bytes, self._max_batch, is_gzip=is_gzip)

    def _leave_out(self, accounts: Accounts) -> Callable[[EncodeError], None]:
        def tell(error: EncodeError) -> None:
            accounts.dropped.add("unencodable")
            self._notices.warn("otlp_unencodable", f"left out, because OTLP cannot carry it: {error}")

        return tell


class _Encoder(Protocol[_Record]):  # type: ignore[misc] # a sequence is read only
    def encode_bounded(self, records: Sequence[_Record], max_bytes: int, /) -> list[tuple[bytes, int]]: ...


class _Lane(Generic[_Record]):
    """The way of one signal: encode, compress, append."""

    def __init__(
        self, sender: Sender, encoder: _Encoder[_Record], max_bytes: int, max_batch: int, *, is_gzip: bool
    ) -> None:
        self.sender = sender
        self._encoder = encoder
        self._max_bytes = max_bytes
        self._max_batch = max_batch
        self._is_gzip = is_gzip

    def write(self, records: Sequence[_Record]) -> None:
        for portion in _portions(records, self._max_batch):
            for body, count in self._encoder.encode_bounded(portion, self._max_bytes):
                if self._is_gzip:
                    self.sender.append(compress(body), count, "gzip")
                else:
                    self.sender.append(body, count)


def _portions(records: Sequence[_Record], most: int) -> Iterator[Sequence[_Record]]:
    if isinstance(records, Batch):
        return records.portions(most)  # type: ignore[return-value]  # a batch is one of events
    return (records[start : start + most] for start in range(0, len(records), most))


def _make_memory_spool(_signal: Signal, _endpoint: Endpoint, *, accounts: Accounts) -> MemorySpool:
    return MemorySpool(accounts=accounts)
