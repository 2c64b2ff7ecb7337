"""The daemon's calls, unchanged but for the import, and what its consumers see of them in Redis: promised and seen.

It publishes on v5:events, so let it have a Redis of its own:

redis-server --port 6390 --save "" &
REDIS_URL=redis://localhost:6390 python examples/broadcaster.py
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

import redis

# Was: from broadcaster import ...
from otel_events.compat.broadcaster import Broadcaster, emit, flush, get_broadcaster, set_cycle


def run_daemon(url: str, cycle: int, day: int) -> list[dict[str, Any]]:
    """Do what the daemon does in a cycle; return what the calls returned."""
    b = Broadcaster(redis_url=url, channel="v5:events", stream="v5:stream")
    b.set_cycle(cycle, day)
    events = [emit("cycle.start", {"day": day, "session": "s-1"})]
    events.append(b.emit("sense.project", {"projection": {"nodes": ["blau", "grün"], "seen": {"an object"}}}))
    worker = threading.Thread(target=lambda: events.append(b.emit("observe", {"novelty_score": 0.3})))
    worker.start()
    worker.join()
    events.append(b.emit("state.mood", {"old": "ruhig", "new": "wütend"}))
    events.append(emit("cycle.end", {"duration_ms": 1234}))
    set_cycle(cycle + 1, day)
    events.append(emit("cycle.start", {"day": day, "session": "s-1"}))
    return events


def compare(promised: str, seen: object) -> None:
    """Print the two, one below the other."""
    print(f"promised  {promised}\n    seen  {json.dumps(seen, ensure_ascii=False)}\n")


def main(url: str) -> None:
    """Run the daemon beside a subscriber of the channel and a reader of the stream."""
    with redis.Redis.from_url(url) as client, client.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe("v5:events")
        channel.get_message(timeout=10)
        last = next((place for place, _ in client.xrevrange("v5:stream", count=1)), "0")
        events = run_daemon(url, cycle=7, day=1551)
        flush(10)
        heard = [json.loads(channel.get_message(timeout=10)["data"]) for _ in events]
        entries = [fields for _, fields in client.xread({"v5:stream": last})[0][1]]
    read = [json.loads(fields[b"event"]) for fields in entries]

    compare("a call returns type, ts, cycle, day, data", list(events[0]))
    compare("ts is UTC with milliseconds and a Z", len(events[0]["ts"]) == len("2026-02-14T19:01:23.456Z"))
    compare("cycle and day are the process's: worker threads see them", [[e["cycle"], e["day"]] for e in events])
    compare("PUBLISH on the channel, in order", [event["type"] for event in heard])
    compare("XADD to the stream, field `event`, the same", [list(map(bytes.decode, entries[0])), read == heard])
    compare("what is not ASCII stays readable", "wütend" in entries[3][b"event"].decode())
    compare("unknown objects by str", heard[1]["data"])
    compare("get_broadcaster() is one for the process", get_broadcaster() is get_broadcaster())


if __name__ == "__main__":
    if "REDIS_URL" not in os.environ:
        sys.exit(__doc__)
    main(os.environ["REDIS_URL"])
