"""System D as it was."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field, is_dataclass

MESSAGES = {
    "SEED_GERMINATED": "Germinated",
    "SEED_STAGE_CHANGED": "Stage changed",
    "TRAINING_STARTED": "Training started",
}
AGGREGATED = {"EPOCH_COMPLETED", "REWARD_COMPUTED"}


@dataclass
class EventLogEntry:
    timestamp: str
    event_type: str
    env_id: "int | None"
    message: str
    metadata: dict = field(default_factory=dict)
    episode: int = 0
    relative_time: str = ""


@dataclass
class Snapshot:
    event_log: deque = field(default_factory=lambda: deque(maxlen=100))


class EventLogAggregator:
    def __init__(self):
        self.snapshot = Snapshot()

    def process_event(self, event, payload=None):
        name = getattr(event, "name", event)
        facts = asdict(payload) if is_dataclass(payload) else dict(payload or {})
        facts = {key: value for key, value in facts.items() if value is not None}
        env_id, episode = facts.pop("env_id", None), facts.pop("episode", 0)
        log = self.snapshot.event_log
        if name in AGGREGATED:
            if log and log[-1].event_type == name:
                log[-1].metadata["count"] += 1
                return
            facts = {"count": 1}
        now = time.strftime("%H:%M:%S")
        log.append(EventLogEntry(now, name, env_id, MESSAGES.get(name, name), facts, episode, "(0s ago)"))
