"""A program of system C: it publishes on its topics, and imports nothing of a system."""

import json


async def publish(connection, change):
    task = {"id": change["id"], "type": "analyze", "status": "done", "file_path": change["path"]}
    await connection.publish("egos.sparc.tasks", json.dumps(task).encode())
    await connection.publish("egos.propagation.log", b"{}")
