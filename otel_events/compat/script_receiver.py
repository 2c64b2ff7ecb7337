"""A small collector of script errors on this machine, for tests of scripts: `/ingest` and `/health`.

python -m otel_events.compat.script_receiver [--port 8010] [--no-limits]
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from otel_events.accounting import Tally
from otel_events.compat.script_envelope import MAX_BODY_BYTES
from otel_events.compat.script_limits import ScriptLimits
from otel_events.otlp.outcome import say

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

PORT = 8010
_HOST = "127.0.0.1"
_SECONDS = 10.0  # that a connection may be silent
_KEPT = 1000

log = logging.getLogger("otel_events.script_receiver")


class ScriptReceiver:
    """Takes envelopes at `url`, on the loopback interface alone. A context manager.

    Args:
        port: 0 for any that is free.
        limits: how often an error passes; None for always.

    Attributes:
        published: the envelopes that passed, the last thousand.
    """

    def __init__(self, port: int = PORT, limits: ScriptLimits | None = None) -> None:
        self.published: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._limits = limits
        self._counts = Tally()
        self._server = _Server((_HOST, port), _Handler)
        self._server.receiver = self
        self.port = self._server.server_address[1]
        self.url = f"http://{_HOST}:{self.port}/ingest"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve, name="otel_events-script-receiver", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve(self) -> None:
        """Answer until it is ended."""
        self._server.serve_forever(poll_interval=0.05)

    def health(self) -> dict[str, Any]:
        """Return what `/health` answers."""
        return {"status": "ok", "published": 0, "limited": 0, "refused": 0, **self._counts.counts()}

    def take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer to what was posted."""
        try:
            envelope = json.loads(body)
            metadata = envelope["metadata"]
            sid, fingerprint, signal = (
                say(str(metadata.get(key, ""))) for key in ("stimulus_id", "stack_fingerprint", "signal_type")
            )
            if envelope.get("type") != "membrane.inject":
                raise ValueError(envelope.get("type"))  # noqa: TRY301  # answered below, like all that is no envelope
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._counts.add("refused")
            return 400, {"status": "refused", "reason": "this is no envelope of type membrane.inject"}
        reason = None if self._limits is None else self._limits.refusal(fingerprint, signal)
        if reason is not None:
            self._counts.add("limited")
            log.info("%s", reason)
            return 200, {"status": "limited", "reason": reason}
        self._counts.add("published")
        self.published.append(envelope)
        log.info("Published membrane.inject sid=%s", sid)
        return 200, {"status": "published", "sid": sid}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: ScriptReceiver


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SECONDS
    # An answer goes out in one piece: the second of two would wait 40 ms for a client's word of the first.
    wbufsize = -1
    server: _Server

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, self.server.receiver.health())
        else:
            self._answer(404, {"status": "refused", "reason": "there are /health and /ingest"})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Origin"):  # a page of some web site, in a browser on this machine
            self.close_connection = True
            self._answer(403, {"status": "refused", "reason": "not for web pages"})
            return
        if self.path != "/ingest" or not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
            self.close_connection = True  # what was posted is not read
            self._answer(413 if self.path == "/ingest" else 404, {"status": "refused"})
            return
        self._answer(*self.server.receiver.take(self.rfile.read(int(length))))

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what matters was logged."""


def main(arguments: list[str]) -> None:
    """Serve until Ctrl-C, and log what passes and what does not."""
    parser = argparse.ArgumentParser(
        prog="python -m otel_events.compat.script_receiver",
        description="A small collector of script errors on this machine.",
    )
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--no-limits", action="store_true", help="let every error pass")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        receiver = ScriptReceiver(chosen.port, None if chosen.no_limits else ScriptLimits())
    except OSError as error:
        sys.exit(
            f"cannot listen at port {chosen.port}: {error.strerror}; is another collector running? --port takes another"
        )
    log.info("listening at %s", receiver.url)
    try:
        receiver.serve()
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main(sys.argv[1:])
