"""Run Loki and ask it for events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .fetch import get_json
from .installed import CONFIGURATION, installed
from .ports import free_ports
from .process import ServerProcess
from .recipes import LOKI

if TYPE_CHECKING:
    from pathlib import Path

_HOUR_NANOS = 3_600_000_000_000


class Loki:
    """A Loki with loki-server.yaml on free ports; restarts keep its ports and its records."""

    def __init__(self, directory: Path) -> None:
        http, grpc = free_ports(2)
        self.query_endpoint = f"http://127.0.0.1:{http}"
        self.otlp_endpoint = f"{self.query_endpoint}/otlp"
        configuration = CONFIGURATION / "loki-server.yaml"
        self.process = ServerProcess(
            name="Loki",
            command=[installed(LOKI), f"-config.file={configuration}", "-config.expand-env=true"],
            settings={
                "OTEL_EVENTS_LOKI_PORT": str(http),
                "OTEL_EVENTS_LOKI_GRPC_PORT": str(grpc),
                "OTEL_EVENTS_LOKI_DIR": str(directory / "loki"),
            },
            health_url=f"{self.query_endpoint}/ready",
            log=directory / "loki.log",
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

    def query(
        self, logql: str, *, start_unix_nano: int | None = None, end_unix_nano: int | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """Return what *logql* selects, oldest first; by default from the last hour and the coming minute."""
        now = time.time_ns()
        question: dict[str, str | int] = {
            "query": logql,
            "start": now - _HOUR_NANOS if start_unix_nano is None else start_unix_nano,
            "end": now + _HOUR_NANOS // 60 if end_unix_nano is None else end_unix_nano,
            "limit": limit,
            "direction": "forward",
        }
        answer = get_json(f"{self.query_endpoint}/loki/api/v1/query_range", question)
        rows = [_row(stream["stream"], value) for stream in answer["data"]["result"] for value in stream["values"]]
        return sorted(rows, key=lambda row: row["time_unix_nano"])

    def labels(self) -> list[str]:
        """Return the names of the index labels in use."""
        return get_json(f"{self.query_endpoint}/loki/api/v1/labels").get("data") or []


def _row(labels: dict[str, str], value: list[str]) -> dict[str, Any]:
    # Loki has no types: attributes are text, index labels and structured metadata together.
    return {"time_unix_nano": int(value[0]), "body": value[1], "attributes": dict(labels)}
