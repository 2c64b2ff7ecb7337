"""A small endpoint for the senders of other languages."""

from __future__ import annotations

import http.server
import json
import threading


class Endpoint:
    """Takes OTLP's JSON, with the answers that it is told to give first; 302 leads to a page that takes nothing."""

    def __init__(self, *statuses):
        self.requests = []
        statuses = list(statuses)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.requests.append((handler.path, dict(handler.headers), json.loads(body)))
                status = 404 if handler.path == "/page" else statuses.pop(0) if statuses else 200
                handler.send_response(status)
                handler.send_header("Content-Length", "2")
                if status == 429:
                    handler.send_header("Retry-After", "0")
                if status == 302:
                    handler.send_header("Location", "/page")
                handler.end_headers()
                handler.wfile.write(b"{}")

            def do_GET(handler):
                handler.send_response(200)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def names(self):
        return [
            [
                record["eventName"]
                for group in body["resourceLogs"]
                for scope in group["scopeLogs"]
                for record in scope["logRecords"]
            ]
            for path, _, body in self.requests
            if path == "/v1/logs"
        ]
