"""The activity publisher over a workspace of its own, and what its dashboard hears on NATS: promised and seen.

nats-server -a 127.0.0.1 -p 4290 &
NATS_URL=nats://127.0.0.1:4290 python examples/activity.py
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import nats

from otel_events.compat.activity import ActivityPublisher

FILES = {
    "tasks/refactor_core.md": "---\nid: T-1\ntype: refactor\nstatus: completed\nresult: 42 tests written\n---\n",
    "KOIOS/chat_llama-3.md": "## Prompt\n\nWrite a haiku\n\n## Response\n\nAn old silent pond\n",
    "CRONOS/backup.md": "@references:\n- [pattern](../KOIOS/mycelium.md)\n- file:///C:/notes/ETHIK/rules.md\n",
}
TOPICS = ("egos.sparc.tasks", "egos.llm.logs", "egos.propagation.log")


def write(workspace: Path, names: list[str]) -> None:
    """Write files, as the agents of the workspace do."""
    for name in names:
        path = workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name], encoding="utf-8")


async def listen(url: str, workspace: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return what the dashboard hears while a publisher starts, and while files change."""
    heard: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
    client = await nats.connect(url)

    async def hear(said: Any) -> None:
        await heard.put((said.subject, json.loads(said.data)))

    for topic in (*TOPICS, "heartbeat"):
        await client.subscribe(topic, cb=hear)
    await client.flush()
    first, *others = FILES
    write(workspace, [first])
    publisher = ActivityPublisher(workspace, extensions=[".md"], nats_url=url)
    await asyncio.to_thread(publisher.start)
    found = [await asyncio.wait_for(heard.get(), 10) for _ in range(2)]
    write(workspace, others)
    found += [await asyncio.wait_for(heard.get(), 10) for _ in others]
    await asyncio.to_thread(publisher.stop)
    await client.close()
    return found


def compare(promised: str, seen: object) -> None:
    """Print the two, one below the other."""
    print(f"promised  {promised}\n    seen  {json.dumps(seen, ensure_ascii=False)}\n")


def main(url: str) -> None:
    """Listen, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder).resolve()
        heard = asyncio.run(listen(url, workspace))
        files = [Path(said["file_path"]) for _, said in heard if "file_path" in said]
    at_start, said = heard[:2], dict(heard)

    def fields(topic: str, *keys: str) -> dict[str, Any]:
        return {key: said[topic][key] for key in keys}

    compare("a heartbeat, and the first events at the start", sorted(topic for topic, _ in at_start))
    compare("egos.sparc.tasks {id, type, status, result}", fields(TOPICS[0], "id", "type", "status", "result"))
    compare("egos.llm.logs {model, prompt, response}", fields(TOPICS[1], "model", "prompt", "response"))
    compare("egos.propagation.log {subsystem, pattern, status}", fields(TOPICS[2], "subsystem", "pattern", "status"))
    compare("timestamp, ISO in UTC", [each["timestamp"].endswith("+00:00") for each in said.values()])
    compare("trace_id, a UUID", [str(UUID(each["trace_id"])) == each["trace_id"] for each in said.values()])
    compare("file_path", sorted(path.relative_to(workspace).as_posix() for path in files))
    compare("flat JSON", all(not isinstance(value, dict | list) for each in said.values() for value in each.values()))


if __name__ == "__main__":
    if "NATS_URL" not in os.environ:
        sys.exit(__doc__)
    main(os.environ["NATS_URL"])
