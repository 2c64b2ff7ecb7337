"""What the server has acknowledged is kept, and what it cannot keep it does not acknowledge."""

import os
import socket
import sys
import threading
import time
from contextlib import ExitStack
from select import select

import httpx
import pytest

from otel_events.ledger.read import read_ledger
from tests.program import PATIENCE, ROOT
from tests.server.served import serving, start
from tests.server.test_receiving import request

pytestmark = pytest.mark.slow


class _Sender(threading.Thread):
    """Sends batches one after the other, and notes which of them were acknowledged."""

    def __init__(self, served, number):
        super().__init__()
        self._served = served
        self._writer = f"{number:016x}"
        self.acknowledged = []
        self.sent = 0

    def run(self):
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            while True:
                uids = [f"{self._writer}-{self.sent + at + 1:x}" for at in range(20)]
                message = request(*["page.read"] * 20)
                for part, uid in zip(message.resource_logs[0].scope_logs, uids, strict=True):
                    part.log_records[0].attributes.add(key="log.record.uid").value.string_value = uid
                headers = {"content-type": "application/x-protobuf"}
                try:
                    answer = client.post(
                        f"{self._served.otlp}/v1/logs", content=message.SerializeToString(), headers=headers
                    )
                except httpx.HTTPError:
                    return
                if answer.status_code == 200:
                    self.acknowledged += uids
                self.sent += 20


@pytest.mark.parametrize("fsync", ["always", "never"])
def test_after_a_kill_nothing_that_was_acknowledged_is_missing(tmp_path, fsync):
    """Killed again and again in the middle of load: all acknowledged events are in the ledger and found, each once."""
    acknowledged, ports = [], None
    for turn in range(3):
        served = start(tmp_path, "--fsync", fsync, ports=ports)
        ports = served.ports
        senders = [_Sender(served, 16 * turn + number) for number in range(3)]
        for sender in senders:
            sender.start()
        while min(len(sender.acknowledged) for sender in senders) < 200:
            assert all(sender.is_alive() for sender in senders)
            time.sleep(0.01)
        served.kill()
        for sender in senders:
            sender.join(PATIENCE)
            acknowledged += sender.acknowledged

    with serving(tmp_path, ports=ports) as served:
        found, after = [], 0
        while after is not None:
            answer = served.client.get("/api/events", params={"after": after, "limit": 1000, "order": "oldest"}).json()
            found += answer["events"]
            after = answer["next"]
        code, _ = served.end()

    uids = [event["uid"] for event in found]
    assert set(acknowledged) <= set(uids)
    assert len(uids) == len(set(uids))
    assert [event["seq"] for event in found] == sorted({event["seq"] for event in found})
    # As readers read it: a server that was killed in the middle of a write has left half a line, which was never acknowledged.
    assert [each.event.uid for each in read_ledger(served.ledger) if each.event.uid] == uids
    assert code == 0


def test_what_is_more_than_can_wait_is_told_to_come_again(tmp_path):
    """429 with Retry-After, as long as requests of 64 MiB are on their way; afterwards all is taken."""
    body = request("page.read").SerializeToString()
    part = 15 << 20
    with serving(tmp_path) as served, ExitStack() as stack:
        senders = []
        for _ in range(5):  # one more than there is room for; whichever is read last is told
            sender = stack.enter_context(socket.create_connection(("127.0.0.1", served.ports["otlp"])))
            head = f"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {part + 1}"
            sender.sendall(f"{head}\r\n\r\n".encode() + bytes(part))
            senders.append(sender)
        told, _, _ = select(senders, [], [], PATIENCE)
        status, headers = told[0].recv(4_096).decode().split("\r\n", 1)
        stack.close()
        deadline = time.monotonic() + PATIENCE
        while (after := served.post("/v1/logs", body)).status_code == 429 and time.monotonic() < deadline:
            time.sleep(0.05)

    assert status == "HTTP/1.1 429 Too Many Requests"
    assert "retry-after: 1\r\n" in headers
    assert after.status_code == 200


_COUNTING = """
import os
from pathlib import Path

_asked = os.fdatasync

def fdatasync(fd):
    _asked(fd)
    with Path(os.environ["ASKED"]).open("a") as file:
        file.write(os.readlink(f"/proc/self/fd/{fd}") + "\\n")

os.fdatasync = fdatasync
"""


@pytest.mark.skipif(sys.platform != "linux", reason="which file is asked for is told by /proc")
@pytest.mark.parametrize("policy", ["always", "second", "never"])
def test_the_disk_is_asked_as_often_as_is_set(tmp_path, policy):
    """Before each answer, some time after it, or not at all."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(_COUNTING)
    asked = tmp_path / "asked"
    asked.touch()
    paths = os.pathsep.join((str(tmp_path / "site"), str(ROOT)))
    with serving(tmp_path, "--fsync", policy, ASKED=str(asked), PYTHONPATH=paths) as served:
        counts = []
        for _ in range(3):
            assert served.post("/v1/logs", request("page.read").SerializeToString()).status_code == 200
            counts.append(asked.read_text().count("events.jsonl"))
        deadline = time.monotonic() + PATIENCE
        while policy == "second" and "events.jsonl" not in asked.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert served.end()[0] == 0

    times = asked.read_text().count("events.jsonl")
    assert {"always": counts[0] >= 1 and len(set(counts)) == 3, "second": times >= 1, "never": times == 0}[policy]
