"""Run a NATS server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .installed import installed
from .ports import free_ports
from .process import ServerProcess
from .recipes import NATS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class NatsServer:
    """A nats-server with JetStream on a free port of loopback; restarts keep its port and its streams.

    Args:
        directory: where it keeps its data and its log.
        settings: more of its configuration: `authorization`, `tls`, `max_payload` and the like.
        program: the executable; None for the one in the cache.
    """

    def __init__(self, directory: Path, settings: Mapping[str, Any] | None = None, program: Path | None = None) -> None:
        self.port, health = free_ports(2)
        self.url, self.monitor = f"nats://127.0.0.1:{self.port}", f"http://127.0.0.1:{health}"
        configuration = directory / "nats.conf"
        asked = {
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{health}",
            # What it has acknowledged is on the disk: a kill is to lose nothing of it.
            "jetstream": {"store_dir": str(directory / "nats"), "sync_interval": "always"},
            **(settings or {}),
        }
        configuration.write_text(json.dumps(asked), encoding="utf-8")  # its own format has JSON within it
        self.process = ServerProcess(
            name="NATS",
            command=[program or installed(NATS), "--config", configuration],
            settings={},
            health_url=f"{self.monitor}/healthz",
            log=directory / "nats.log",
        )

    def start(self) -> None:
        """Start and wait until healthy."""
        self.process.start()

    def stop(self) -> None:
        """Stop; `start` brings it back with all it had."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
