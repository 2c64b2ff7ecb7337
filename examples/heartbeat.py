"""A daemon that says that it lives, is killed, and comes back; and somebody who waits for it, and tells.

python examples/heartbeat.py        # a quarter of a minute
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import otel_events as ev

RULES = Path(__file__).with_name("expect.txt")
EXPECT = [sys.executable, "-m", "otel_events", "expect", "--rules", str(RULES), "--follow", "--emit"]


def daemon(task_id: str, seconds: float) -> None:
    """Work at one task, and say twice a second that the process lives."""
    ev.configure(service_name="orchestrator")
    with ev.heartbeat("orchestrator", every=0.5), ev.task("draft", task_id=task_id):
        time.sleep(seconds)


def show(ledger: Path) -> None:
    """Let a daemon be killed in the middle of its task, then run it to its end; beside both goes the watcher."""
    print("-- a daemon begins, and is killed", flush=True)
    with subprocess.Popen([sys.executable, __file__, "60"]) as killed:  # noqa: S603  # this file
        while killed.poll() is None and not (ledger.exists() and b'"heartbeat"' in ledger.read_bytes()):
            time.sleep(0.1)
        watcher = subprocess.Popen(EXPECT, stdout=subprocess.PIPE, text=True, encoding="utf-8")  # noqa: S603  # our own command
        time.sleep(3)
        killed.kill()
    try:
        tell_until(watcher, "heartbeat.missed ")
        print("-- it is started again, and ends its task", flush=True)
        subprocess.run([sys.executable, __file__, "1"], check=True)  # noqa: S603  # this file
        tell_until(watcher, "heartbeat.missed.resolved")
    finally:
        # As Ctrl-C would; Windows has no such signal for another process.
        watcher.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGINT)
        print(watcher.communicate()[0], end="", flush=True)


def tell_until(watcher: subprocess.Popen[str], told: str) -> None:
    """Print what the watcher tells, until it has told that."""
    for line in watcher.stdout or ():
        print(line, end="", flush=True)
        if told in line:
            return


if __name__ == "__main__":
    if len(sys.argv) > 1:
        daemon("t-1", float(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            ledger = Path(folder, "events.jsonl")
            os.environ["OTEL_EVENTS_LEDGER_PATH"] = str(ledger)
            show(ledger)
            subprocess.run([sys.executable, "-m", "otel_events", "tail", "--lines=20", "-heartbeat"], check=True)
