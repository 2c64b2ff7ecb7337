"""System B as it was, but for Redis: what it would publish is appended to a file."""

import json
import os
from datetime import datetime, timezone
from pathlib import Path


class Broadcaster:
    def __init__(self, redis_url="redis://localhost:6379", channel="v5:events", stream="v5:stream"):
        self.cycle = self.day = 0

    def set_cycle(self, cycle, day):
        self.cycle, self.day = cycle, day

    def emit(self, event_type, data=None):
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        event = {"type": event_type, "ts": now, "cycle": self.cycle, "day": self.day, "data": data or {}}
        with Path(os.environ["BROADCAST_FILE"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False, default=str) + "\n")
        return event


_broadcaster = Broadcaster()


def get_broadcaster():
    return _broadcaster


def emit(event_type, data=None):
    return _broadcaster.emit(event_type, data)


def set_cycle(cycle, day):
    _broadcaster.set_cycle(cycle, day)
