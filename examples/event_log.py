"""A training run that fills the log of its own display, by the calls that it always had; here the display is `print`.

python examples/event_log.py
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

# Was: from event_log import ...
from otel_events.compat.event_log import EventLogAggregator, EventLogEntry, domain_of


class TelemetryEventType(Enum):
    """What happens in a run; the program's own, as before."""

    TRAINING_STARTED = auto()
    SEED_GERMINATED = auto()
    SEED_FOSSILIZED = auto()
    EPOCH_COMPLETED = auto()
    REWARD_COMPUTED = auto()
    PPO_UPDATE_COMPLETED = auto()


@dataclass
class TelemetryEvent:
    """What there is to say of it; the program's own, as before."""

    env_id: int | None = None
    episode: int | None = None
    slot_id: str | None = None
    blueprint: str | None = None
    improvement: float | None = None
    reward: float | None = None


def train(aggregator: EventLogAggregator) -> None:
    """Play one episode in two environments."""
    kind = TelemetryEventType
    aggregator.process_event(kind.TRAINING_STARTED, TelemetryEvent(episode=1))
    aggregator.process_event(kind.SEED_GERMINATED, TelemetryEvent(0, 1, slot_id="r0c1", blueprint="conv_light"))
    for step in range(200):
        aggregator.process_event(kind.REWARD_COMPUTED, TelemetryEvent(step % 2, 1, reward=0.05))
    aggregator.process_event(kind.SEED_FOSSILIZED, TelemetryEvent(0, 1, slot_id="r0c1", improvement=0.7))
    aggregator.process_event("PPO_UPDATE_COMPLETED", {"episode": 1, "policy_loss": 0.012})


def show(entry: EventLogEntry) -> str:
    """Return an entry as a line of a display."""
    env = "" if entry.env_id is None else f"env{entry.env_id}"
    facts = " ".join(f"{key}={value}" for key, value in entry.metadata.items())
    where = f"{domain_of(entry.event_type):8} ep{entry.episode} {env:5}"
    return f"{entry.timestamp} {where} {entry.message:22} {facts} {entry.relative_time}"


if __name__ == "__main__":
    log = EventLogAggregator()
    train(log)
    print("\n".join(show(entry) for entry in log.snapshot.event_log))
