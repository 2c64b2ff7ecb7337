"""Programs that log by the script logger's drop-in, and a collector of their own."""

from __future__ import annotations

import json

import pytest

from tests.message_servers import WebhookReceiver
from tests.program import run_program

PRELUDE = """
import logging, os, time
from otel_events.compat import script_logger
from otel_events.compat.script_logger import get_metrics, setup_l2_logger
script_logger.COLLECTOR_URL, script_logger.SPOOL_DIRECTORY = sys.argv[1:3]
def wait_for(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, get_metrics()
        time.sleep(0.01)
def waiting(): return [name for name in os.listdir(sys.argv[2]) if name.endswith(".json")]
def setup(): return setup_l2_logger("my_script", "orchestration/scripts/my_script.py")
"""
FAILING = """
def fail():
    raise ValueError("no such citizen")
logger = setup()
try:
    fail()
except ValueError:
    logger.error("Bootstrap failed for %s", "c-1", exc_info=True)
"""


def brought(count):
    """The end of a program that lets its collector take its time: a script's own end gives it but a moment."""
    return f'wait_for(lambda: get_metrics()["published"] == {count})\n'


class Scripts:
    """Programs that log to one collector, and the folder where envelopes wait for it."""

    def __init__(self, home, collector):
        self.home, self.collector = home, collector
        self.spool = home / "spool"

    def run(self, source, **env):
        ran = run_program(PRELUDE + source, self.home, self.collector.url, str(self.spool), **env)
        assert ran.code == 0, ran.err
        return ran

    @property
    def waiting(self):
        return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.spool.glob("*.json"))]


@pytest.fixture
def collector(tmp_path):
    (tmp_path / "collector").mkdir()
    collector = WebhookReceiver(tmp_path / "collector")
    yield collector
    collector.kill()


@pytest.fixture
def scripts(tmp_path, collector):
    return Scripts(tmp_path, collector)


def lines(envelopes):
    return sorted(envelope["content"].rpartition(" ")[2] for envelope in envelopes)
