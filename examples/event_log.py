"""A training run that fills the log of its own display, by the calls that it always had: promised and seen.

python examples/event_log.py
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum, auto

import otel_events as ev

# Was: from event_log import ...
from otel_events.compat.event_log import EventLogAggregator, EventLogEntry, domain_of


class TelemetryEventType(Enum):
    """What happens in a run; the program's own, as before."""

    TRAINING_STARTED = auto()
    SEED_GERMINATED = auto()
    SEED_FOSSILIZED = auto()
    REWARD_COMPUTED = auto()


@dataclass
class TelemetryEvent:
    """What there is to say of it; the program's own, as before."""

    env_id: int | None = None
    episode: int | None = None
    slot_id: str | None = None
    blueprint: str | None = None
    gradient: object = None
    timestamp: float | None = None


class Tensor:
    """Stands for one on a GPU: to convert it would make the program wait."""

    shape, dtype = (), "float32"

    def __float__(self) -> float:
        raise RuntimeError("the program had to wait for its GPU")


def train(aggregator: EventLogAggregator) -> None:
    """Play one episode in two environments."""
    kind, second = TelemetryEventType, 1_771_095_683.0
    aggregator.process_event(kind.TRAINING_STARTED, TelemetryEvent(episode=1, timestamp=second))
    aggregator.process_event(kind.SEED_GERMINATED, TelemetryEvent(0, 1, "r0c1", "conv_light", timestamp=second))
    for step in range(200):
        aggregator.process_event(kind.REWARD_COMPUTED, TelemetryEvent(step % 2, 1, timestamp=second + step / 1000))
    aggregator.process_event(kind.SEED_FOSSILIZED, TelemetryEvent(0, 1, "r0c1", gradient=Tensor(), timestamp=second))
    aggregator.process_event("PPO_UPDATE_COMPLETED", {"episode": 1, "policy_loss": 0.012, "timestamp": second})


def compare(promised: str, seen: object) -> None:
    """Print the two, one below the other."""
    print(f"promised  {promised}\n    seen  {json.dumps(seen)}\n")


def show(entries: list[EventLogEntry], emitted: int) -> None:
    """Compare what was promised with what a display finds."""
    started, germinated, rewards, fossilized, _ = entries
    compare("EventLogEntry", list(asdict(started)))
    compare('timestamp "HH:MM:SS"', [len(started.timestamp), started.timestamp.count(":")])
    compare("individual types, each with its metadata", [germinated.event_type, germinated.metadata])
    compare("a generic message that rolls up", [entry.message for entry in entries])
    compare("env_id int or None, episode int", [[entry.env_id, entry.episode] for entry in entries])
    compare("REWARD_COMPUTED per second with a count", rewards.metadata)
    compare("domains: Kasmina SEED_*, Simic the rest", [domain_of(entry.event_type) for entry in entries])
    compare("a GPU tensor is never converted", fossilized.metadata["gradient"])
    compare('relative_time "(2s ago)"', germinated.relative_time.endswith(" ago)"))
    compare("every step stays on record", emitted)


if __name__ == "__main__":
    log = EventLogAggregator()
    train(log)
    show(list(log.snapshot.event_log), ev.stats().emitted)
