"""Run Jaeger and ask it for spans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .fetch import get_json
from .installed import CONFIGURATION, installed
from .ports import free_ports
from .process import ServerProcess
from .recipes import JAEGER

if TYPE_CHECKING:
    from pathlib import Path


class Jaeger:
    """A Jaeger with jaeger-server.yaml on free ports; restarts keep its ports and its traces."""

    def __init__(self, directory: Path) -> None:
        otlp, health, query, query_grpc = free_ports(4)
        self.otlp_endpoint = f"http://127.0.0.1:{otlp}"
        self.query_endpoint = f"http://127.0.0.1:{query}"
        self.process = ServerProcess(
            name="Jaeger",
            command=[installed(JAEGER), "--config", CONFIGURATION / "jaeger-server.yaml"],
            settings={
                "OTEL_EVENTS_JAEGER_OTLP_LISTEN": f"127.0.0.1:{otlp}",
                "OTEL_EVENTS_JAEGER_HEALTH": f"127.0.0.1:{health}",
                "OTEL_EVENTS_JAEGER_HTTP": f"127.0.0.1:{query}",
                "OTEL_EVENTS_JAEGER_GRPC": f"127.0.0.1:{query_grpc}",
                "OTEL_EVENTS_JAEGER_DIR": str(directory / "jaeger"),
            },
            health_url=f"http://127.0.0.1:{health}/status",
            log=directory / "jaeger.log",
        )

    @property
    def log(self) -> Path:
        """The file with its output."""
        return self.process.log

    def start(self) -> None:
        """Start and wait until healthy."""
        self.process.start()

    def stop(self) -> None:
        """Stop; `start` brings it back with all it had."""
        self.process.stop()

    def services(self) -> list[str]:
        """Return the names of the services that sent spans."""
        return get_json(f"{self.query_endpoint}/api/services")["data"] or []

    def traces(self, service: str, tags: dict[str, Any] | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the traces of *service* in which one span has all *tags*, as Jaeger's API gives them."""
        question: dict[str, str | int] = {"service": service, "limit": limit}
        if tags:
            # Jaeger indexes values as text and takes nothing else.
            question["tags"] = json.dumps({name: _as_text(value) for name, value in tags.items()})
        return get_json(f"{self.query_endpoint}/api/traces", question)["data"] or []

    def spans(self, service: str, tags: dict[str, Any] | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """Return the spans of those traces as flat rows: name, ids, times, attributes, events, resource."""
        return [
            _row(span, trace["processes"][span["processID"]])
            for trace in self.traces(service, tags, limit)
            for span in trace["spans"]
        ]


def _row(span: dict[str, Any], process: dict[str, Any]) -> dict[str, Any]:
    parents = [reference["spanID"] for reference in span["references"] if reference["refType"] == "CHILD_OF"]
    return {
        "name": span["operationName"],
        "trace_id": span["traceID"],
        "span_id": span["spanID"],
        "parent_span_id": parents[0] if parents else "",
        "start_time_unix_micro": span["startTime"],  # Jaeger's API rounds to microseconds
        "duration_micro": span["duration"],
        "attributes": _tags(span["tags"]),
        "events": [_span_event(log) for log in span["logs"] or []],
        "resource": {"service.name": process["serviceName"], **_tags(process["tags"])},
    }


def _span_event(log: dict[str, Any]) -> dict[str, Any]:
    attributes = _tags(log["fields"])
    # Jaeger keeps the name of a span event as one more field.
    return {"name": attributes.pop("event", ""), "time_unix_micro": log["timestamp"], "attributes": attributes}


def _tags(tags: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in tags or []}


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
