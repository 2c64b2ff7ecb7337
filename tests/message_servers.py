"""Real servers of messages, each of the test's own: redis-server, nats-server, and a receiver of webhooks."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import redis

from otel_events.pipeline.writer_events import NAMES
from tests.program import ROOT
from tools.backends.installed import installed
from tools.backends.nats import NatsServer
from tools.backends.ports import free_ports
from tools.backends.process import BackendError
from tools.backends.recipes import NATS


def _find_nats():
    try:
        return installed(NATS)
    except BackendError as error:
        return error


_NATS = _find_nats()  # before any test has another home
PATIENCE = 60.0  # seconds; the bound of every wait, reached only by a failing test


def wait_until(condition):
    """Return the first truthy answer of *condition*, or fail."""
    until = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    return answer


def missing(what):
    """Skip the test for want of *what*, or fail where CI is set."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(what)


class TlsFiles:
    """An authority, and a server's certificate by it."""

    def __init__(self, folder, authority):
        self.ca, self.certificate, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        authority.cert_pem.write_to_path(self.ca)
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(self.key)
        self.certificate.write_bytes(b"".join(each.bytes() for each in issued.cert_chain_pems))


class RedisServer:
    """A redis-server that keeps what it has acknowledged over a kill."""

    def __init__(self, folder, *options, tls=None, password=""):
        program = shutil.which("redis-server")
        if program is None:
            missing("redis-server is missing: sh tools/system_packages.sh")
        (self.port,) = free_ports(1)
        ports = ["--port", str(self.port)]
        if tls is not None:
            ports = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"]
            ports += ["--tls-cert-file", str(tls.certificate), "--tls-key-file", str(tls.key)]
            ports += ["--tls-ca-cert-file", str(tls.ca)]
        # Written before it is acknowledged: no kill takes that away, and no slow disk holds it up.
        kept = ["--save", "", "--appendonly", "yes", "--appendfsync", "no"]
        protected = ["--requirepass", password] if password else []
        self._command = [program, "--bind", "127.0.0.1", "--dir", str(folder), *ports, *kept, *protected, *options]
        scheme = "redis" if tls is None else "rediss"
        login = f":{password}@" if password else ""
        self.url = f"{scheme}://{login}127.0.0.1:{self.port}"
        self._trusted = {} if tls is None else {"ssl_ca_certs": str(tls.ca)}
        self._process = None

    def client(self):
        return redis.Redis.from_url(self.url, protocol=2, **self._trusted)

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        with self.client() as client:
            wait_until(lambda: self._answers(client))
        return self

    def _answers(self, client):
        try:
            return client.ping()
        except redis.RedisError:  # it is not there yet, or reads its file
            assert self._process.poll() is None
            return False

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self):
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def entries(self, stream="v5:stream"):
        """Return what is in the stream, as JSON, without what writers say of themselves."""
        with self.client() as client:
            said = (json.loads(fields[b"event"]) for _, fields in client.xrange(stream))
            return [each for each in said if each.get("event", each.get("type")) not in NAMES]


class WebhookReceiver:
    """A receiver of webhooks in a process of its own; see `tests/programs/webhook_receiver.py`."""

    def __init__(self, folder, tls=None):
        (self.port,) = free_ports(1)
        self.folder = folder
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/hook"
        self._tls = [] if tls is None else [str(tls.certificate), str(tls.key)]
        self._process = None

    def script(self, *answers):
        """Have the next requests answered so: a status, `hang`, `close`, or `429:1` with Retry-After."""
        path = self.folder / "script.new"
        path.write_text("\n".join(map(str, answers)))
        path.replace(self.folder / "script")

    def start(self):
        program = ROOT / "tests" / "programs" / "webhook_receiver.py"
        self._process = subprocess.Popen([sys.executable, program, str(self.folder), str(self.port), *self._tls])
        wait_until((self.folder / "ready").exists)
        return self

    def kill(self):
        (self.folder / "ready").unlink(missing_ok=True)
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def requests(self):
        """Return the requests so far: headers, body as text, and the answer given."""
        path = self.folder / "requests.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]  # one may just be written

    def taken(self):
        """Return what was posted and accepted, one object after the other, without what writers say of themselves."""
        bodies = [json.loads(request["body"]) for request in self.requests() if request["answer"] == "200"]
        flat = [one for body in bodies for one in (body if isinstance(body, list) else [body])]
        return [one for one in flat if not isinstance(one, dict) or one.get("event") not in NAMES]


@contextlib.contextmanager
def running(server):
    """Start *server*, and end it whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.kill()


def nats_server(folder, **settings):
    """Return a nats-server of the test's own."""
    if isinstance(_NATS, BackendError):
        missing(str(_NATS))
    folder.mkdir(exist_ok=True)
    return NatsServer(folder, settings, _NATS)
