"""The Collector, Jaeger and Loki together, as docker-compose.yml wires them."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .collector import Collector
from .jaeger import Jaeger
from .loki import Loki

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Stack:
    """Three running backends, the Collector sending to the other two."""

    collector: Collector
    jaeger: Jaeger
    loki: Loki


@contextmanager
def running_stack(directory: Path) -> Iterator[Stack]:
    """Start all three below *directory* on free ports and stop them at the end, or raise BackendError."""
    with ExitStack() as running:
        jaeger = Jaeger(directory)
        loki = Loki(directory)
        collector = Collector(directory, jaeger, loki)
        for server in (jaeger, loki, collector):
            running.callback(server.stop)
            server.start()
        yield Stack(collector, jaeger, loki)
