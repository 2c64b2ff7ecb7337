"""An OTLP/HTTP acceptor in a process of its own: it parses every record and counts, by the first part of the path."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from benchmarks.event import ATTRIBUTES

_CONTROL = "_control"


@dataclass(slots=True)
class Account:
    """What came from one subject.

    Attributes:
        whole: log records with every attribute of the bench's event.
        other: log records with fewer.
        spans: spans.
        span_events: span events with every attribute.
        requests: requests answered or hung.
        delays: nanoseconds between a whole record's timestamp and its arrival.
        released: cleared while this subject's Collector hangs.
    """

    whole: int = 0
    other: int = 0
    spans: int = 0
    span_events: int = 0
    requests: int = 0
    delays: array[int] = field(default_factory=lambda: array("q"))
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.released.set()

    def take_logs(self, body: bytes, arrived: int) -> None:
        """Count the records of *body*."""
        request = ExportLogsServiceRequest.FromString(body)
        stamps = [
            record.time_unix_nano if len(record.attributes) >= ATTRIBUTES else 0
            for group in request.resource_logs
            for scope in group.scope_logs
            for record in scope.log_records
        ]
        delays = [arrived - stamp for stamp in stamps if stamp]
        with self.lock:
            self.whole += len(delays)
            self.other += len(stamps) - len(delays)
            self.delays.extend(delays)

    def take_spans(self, body: bytes) -> None:
        """Count the spans of *body*."""
        request = ExportTraceServiceRequest.FromString(body)
        spans = [span for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]
        span_events = sum(len(event.attributes) >= ATTRIBUTES for span in spans for event in span.events)
        with self.lock:
            self.spans += len(spans)
            self.span_events += span_events

    def tell(self) -> dict[str, object]:
        """Return the counts, and the delays since the last time, which are forgotten."""
        with self.lock:
            delays, self.delays = list(self.delays), array("q")
            counts = {name: getattr(self, name) for name in ("whole", "other", "spans", "span_events", "requests")}
        return {**counts, "delays": delays}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        self.accounts: defaultdict[str, Account] = defaultdict(Account)
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: workers are ended in the middle of a request."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one packet for an answer
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        arrived = time.time_ns()
        first, *rest = self.path.strip("/").split("/")
        if first == _CONTROL:
            self._answer(json.dumps(self._obey(rest[0], rest[1])).encode())
            return
        account = self.server.accounts[first]
        account.requests += 1
        account.released.wait()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if rest[-1] == "traces":
            account.take_spans(body)
        else:
            account.take_logs(body, arrived)
        self._answer(b"")

    def _obey(self, what: str, key: str) -> dict[str, object]:
        account = self.server.accounts[key]
        if what == "hang":
            account.released.clear()
        elif what == "release":
            account.released.set()
        return account.tell()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until standard input ends, as it does when the bench ends in whatever way."""
    server = _Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
