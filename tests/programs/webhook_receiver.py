"""A receiver of webhooks that notes each request and answers as its script says; a program of its own."""

import json
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FOLDER, PORT, *TLS = sys.argv[1:]
folder = Path(FOLDER)
requests = folder / "requests.jsonl"
turn = threading.Lock()


def forget_half_a_note():
    """Take back what the one before, which was killed, had begun to write: it has not answered that request."""
    if requests.exists():
        whole, end, _ = requests.read_bytes().rpartition(b"\n")
        requests.write_bytes(whole + end)


def next_answer():
    path = folder / "script"
    lines = path.read_text().splitlines() if path.exists() else []
    if lines:
        path.write_text("\n".join(lines[1:]))
    return lines[0] if lines else "200"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with turn:
            answer = next_answer()
            headers = {name.lower(): value for name, value in self.headers.items()}
            note = {"path": self.path, "headers": headers, "body": body, "answer": answer, "at": time.time()}
            with requests.open("a", encoding="utf-8") as file:
                file.write(json.dumps(note) + "\n")
        if answer == "hang":
            time.sleep(60)
        if answer in {"hang", "close"}:
            self.close_connection = True
            return
        status, _, after = answer.partition(":")
        self.send_response(int(status))
        if after:
            self.send_header("Retry-After", after)
        if status == "302":
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """Say nothing: connections break off here by intent."""


forget_half_a_note()
server = Server(("127.0.0.1", int(PORT)), Handler)
if TLS:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*TLS)
    server.socket = context.wrap_socket(server.socket, server_side=True)
(folder / "ready").touch()
server.serve_forever()
