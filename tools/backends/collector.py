"""Run the Collector and read what it wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .installed import CONFIGURATION, installed
from .otlp_json import read_events, read_spans
from .ports import free_ports
from .process import ServerProcess
from .recipes import COLLECTOR

if TYPE_CHECKING:
    from pathlib import Path

    from .jaeger import Jaeger
    from .loki import Loki


class Collector:
    """A Collector with collector.yaml on free ports, joined with an overlay for each backend it is given.

    Restarts keep its ports, its files and its queues. *overrides* are joined last: short YAML texts.
    """

    def __init__(
        self, directory: Path, jaeger: Jaeger | None = None, loki: Loki | None = None, overrides: tuple[str, ...] = ()
    ) -> None:
        grpc, http, health, metrics = free_ports(4)
        self.grpc_endpoint = f"http://127.0.0.1:{grpc}"
        self.http_endpoint = f"http://127.0.0.1:{http}"
        self.metrics_url = f"http://127.0.0.1:{metrics}/metrics"
        self.data_directory = directory / "collector"
        settings = {
            "OTEL_EVENTS_OTLP_GRPC": f"127.0.0.1:{grpc}",
            "OTEL_EVENTS_OTLP_HTTP": f"127.0.0.1:{http}",
            "OTEL_EVENTS_COLLECTOR_HEALTH": f"127.0.0.1:{health}",
            "OTEL_EVENTS_COLLECTOR_METRICS_PORT": str(metrics),
            "OTEL_EVENTS_DATA_DIR": str(self.data_directory),
            "OTEL_EVENTS_QUEUE_DIR": str(self.data_directory / "queue"),
        }
        sources = [str(CONFIGURATION / "collector.yaml")]
        if jaeger is not None:
            sources.append(str(CONFIGURATION / "jaeger.yaml"))
            settings["OTEL_EVENTS_JAEGER_OTLP"] = jaeger.otlp_endpoint
        if loki is not None:
            sources.append(str(CONFIGURATION / "loki.yaml"))
            settings["OTEL_EVENTS_LOKI_OTLP"] = loki.otlp_endpoint
        sources += [f"yaml:{text}" for text in overrides]
        self.process = ServerProcess(
            name="Collector",
            command=[installed(COLLECTOR), *(f"--config={source}" for source in sources)],
            settings=settings,
            health_url=f"http://127.0.0.1:{health}/",
            log=directory / "collector.log",
        )

    @property
    def log(self) -> Path:
        """The file with its output."""
        return self.process.log

    @property
    def events_path(self) -> Path:
        """The JSONL file of log records."""
        return self.data_directory / "events.jsonl"

    @property
    def traces_path(self) -> Path:
        """The JSONL file of spans."""
        return self.data_directory / "traces.jsonl"

    def start(self) -> None:
        """Start and wait until healthy."""
        self.process.start()

    def stop(self) -> None:
        """Stop in an orderly way; `start` brings it back with all it had."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash does; `start` brings it back with what was on disk."""
        self.process.kill()

    def events(self) -> list[dict[str, Any]]:
        """Return the log records received so far, as flat rows."""
        return read_events(self.events_path)

    def spans(self) -> list[dict[str, Any]]:
        """Return the spans received so far, as flat rows."""
        return read_spans(self.traces_path)
