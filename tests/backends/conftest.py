"""The real backends as fixtures, shared by all tests of a session.

`collector`, `jaeger` and `loki` run on free ports with the files of collector-config/, the Collector sending to the
other two. Each has `.start()`, `.stop()` (same ports, same storage), `.log`; the Collector has `.http_endpoint`,
`.grpc_endpoint`, `.events()` and `.spans()`; Jaeger `.spans(service, tags)`; Loki `.query(logql)`.
A test that stops one of them starts its own below tmp_path instead.
"""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from tools.backends.collector import Collector
from tools.backends.fetch import post_json
from tools.backends.installed import installed
from tools.backends.jaeger import Jaeger
from tools.backends.loki import Loki
from tools.backends.process import BackendError, ServerProcess
from tools.backends.recipes import COLLECTOR, JAEGER, LOKI


@pytest.fixture(scope="session")
def backends_built():
    """All three are built; else the tests that need them are skipped, or fail where CI is set."""
    try:
        for recipe in (COLLECTOR, JAEGER, LOKI):
            installed(recipe)
    except BackendError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def backends_directory(tmp_path_factory):
    return tmp_path_factory.mktemp("backends")


@pytest.fixture(scope="session")
def jaeger(backends_built, backends_directory):
    server = Jaeger(backends_directory)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def loki(backends_built, backends_directory):
    server = Loki(backends_directory)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def collector(jaeger, loki, backends_directory):
    server = Collector(backends_directory, jaeger, loki)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own(backends_built, tmp_path):
    """Start backends of one's own, and stop them at the end: `own(Jaeger(tmp_path))`."""
    started = []

    def start(server):
        started.append(server)
        server.start()
        return server

    yield start
    for server in reversed(started):
        server.stop()


@dataclass
class Sample:
    """What one test sends: ids that no other test has, and OTLP/HTTP JSON posts by hand."""

    service: str = field(default_factory=lambda: f"service-{secrets.token_hex(4)}")
    task_id: str = field(default_factory=lambda: f"t-{secrets.token_hex(4)}")
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    now: int = field(default_factory=time.time_ns)

    def send_log(self, collector: Collector, **record: Any) -> None:
        """Post one log record: an event called task.completed unless *record* says otherwise."""
        whole = {
            "eventName": "task.completed",
            "timeUnixNano": str(self.now),
            "observedTimeUnixNano": str(self.now + 1),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": "Task completed"},
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "attributes": self.attributes(),
            **record,
        }
        scoped = {"scope": {"name": "by.hand"}, "logRecords": [whole]}
        group = {"resource": self._resource(), "scopeLogs": [scoped]}
        post_json(f"{collector.http_endpoint}/v1/logs", {"resourceLogs": [group]})

    def send_span(self, collector: Collector, **record: Any) -> None:
        """Post one span with a span event evidence.added."""
        whole = {
            "name": "draft",
            "kind": 1,
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "startTimeUnixNano": str(self.now),
            "endTimeUnixNano": str(self.now + 5_000_000),
            "attributes": self.attributes(),
            "events": [
                {
                    "name": "evidence.added",
                    "timeUnixNano": str(self.now + 1_000_000),
                    "attributes": self.attributes(source={"stringValue": "paper.pdf"}),
                }
            ],
            **record,
        }
        scoped = {"scope": {"name": "by.hand"}, "spans": [whole]}
        group = {"resource": self._resource(), "scopeSpans": [scoped]}
        post_json(f"{collector.http_endpoint}/v1/traces", {"resourceSpans": [group]})

    def attributes(self, **more: Any) -> list[dict[str, Any]]:
        pairs = {"task_id": {"stringValue": self.task_id}, "quality": {"doubleValue": 0.82}, **more}
        return [{"key": key, "value": value} for key, value in pairs.items()]

    def in_file(self, collector: Collector) -> list[dict[str, Any]]:
        """Return this sample's records in the Collector's events file."""
        return [row for row in collector.events() if row["attributes"].get("task_id") == self.task_id]

    def _resource(self) -> dict[str, Any]:
        texts = {"service.name": self.service, "service.instance.id": self.task_id}  # the latter: one for each process
        return {"attributes": [{"key": key, "value": {"stringValue": text}} for key, text in texts.items()]}


@pytest.fixture
def sample():
    return Sample()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the log of every backend that a failed test used."""
    report = (yield).get_result()
    if not report.failed:
        return
    for name, value in getattr(item, "funcargs", {}).items():
        process = getattr(value, "process", None)
        if isinstance(process, ServerProcess):
            report.sections.append((f"log of {name} ({process.log})", process.log_tail()))
