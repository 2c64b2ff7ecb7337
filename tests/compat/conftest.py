"""A ledger of the agent pipeline and what stands in it; a set-up whose couriers end with it."""

import json

import pytest

from otel_events.compat import message_courier
from tests.compat.scripts import collector, scripts  # noqa: F401
from tests.fresh import fresh  # noqa: F401


class AgentLedger:
    """The file that AGI_LEDGER_PATH names."""

    def __init__(self, path):
        self.path = path

    @property
    def records(self):
        """What its lines say, oldest first."""
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    @property
    def only(self):
        """Its only line, without the times."""
        (record,) = self.records
        return {key: value for key, value in record.items() if key not in {"timestamp", "ts"}}


@pytest.fixture
def ledger(monkeypatch, tmp_path):
    """The ledger of a test; nothing is there yet."""
    path = tmp_path / "memory" / "ledger.jsonl"
    monkeypatch.setenv("AGI_LEDGER_PATH", str(path))
    monkeypatch.delenv("AGI_EVENT_ASYNC", raising=False)
    return AgentLedger(path)


@pytest.fixture
def program(fresh):  # noqa: F811
    """This test's own set-up, with couriers that end with it."""
    yield fresh
    message_courier.end_all()
