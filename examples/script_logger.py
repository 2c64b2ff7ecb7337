"""A script whose errors go to a collector, by the calls that it always had; the collector is a small one of its own.

python examples/script_logger.py
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from tempfile import mkdtemp

# Was: from script_logger import ...
from otel_events.compat import script_logger
from otel_events.compat.script_logger import get_metrics, setup_l2_logger

envelopes: SimpleQueue[dict[str, object]] = SimpleQueue()


class Collector(BaseHTTPRequestHandler):
    """Takes what is posted."""

    def do_POST(self) -> None:
        """Take one envelope."""
        envelopes.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Log an error, and show what the collector got."""
    logger = setup_l2_logger("my_script", "orchestration/scripts/my_script.py")
    logger.info("for the console alone")
    try:
        int("c-1")
    except ValueError:
        logger.exception("Bootstrap failed for %s, token=%s", "c-1", "abc123")
    print(json.dumps(envelopes.get(timeout=30), indent=2))
    print(get_metrics())


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # In your scripts both stay what they are: http://localhost:8010/ingest and /tmp/l2-logs-spool.
    script_logger.COLLECTOR_URL = f"http://127.0.0.1:{server.server_port}/ingest"
    script_logger.SPOOL_DIRECTORY = mkdtemp()
    main()
