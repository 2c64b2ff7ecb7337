"""A program of system D, whose display is a file."""

import json
import os
from dataclasses import asdict, dataclass
from enum import Enum, auto
from pathlib import Path

from event_log import EventLogAggregator, EventLogEntry


class TelemetryEventType(Enum):
    TRAINING_STARTED = auto()
    SEED_GERMINATED = auto()
    SEED_STAGE_CHANGED = auto()
    REWARD_COMPUTED = auto()


@dataclass
class TelemetryEvent:
    env_id: "int | None" = None
    episode: "int | None" = None
    slot_id: "str | None" = None
    blueprint: "str | None" = None
    improvement: "float | None" = None


def show(entry: EventLogEntry) -> str:
    return json.dumps(asdict(entry))


aggregator = EventLogAggregator()
aggregator.process_event(TelemetryEventType.TRAINING_STARTED, TelemetryEvent(episode=1))
aggregator.process_event(
    TelemetryEventType.SEED_GERMINATED, TelemetryEvent(3, 1, slot_id="r0c1", blueprint="conv_light")
)
for _ in range(50):
    aggregator.process_event(TelemetryEventType.REWARD_COMPUTED, TelemetryEvent(3, 1))
aggregator.process_event("SEED_STAGE_CHANGED", {"env_id": 3, "episode": 1, "slot_id": "r0c1", "improvement": 0.7})
Path(os.environ["DISPLAY_FILE"]).write_text("".join(show(entry) + "\n" for entry in aggregator.snapshot.event_log))
