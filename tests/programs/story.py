"""One story told with the public API: what the end-to-end tests follow through every backend.

Usage: story.py TASK_ID; where events go is up to the environment.
"""

import sys

import otel_events as ev

ev.configure(service_name=f"story-{sys.argv[1]}")

with ev.session("s-1"), ev.cycle(42, day=1551), ev.context(persona="thesis"):
    with ev.task("draft", task_id=sys.argv[1], goal="a summary") as task:
        ev.emit("evidence.added", source="paper.pdf", quality=0.82, pages=[1, 2], cited=True, größe="naïve")
        task.set(confidence=0.78)
    try:
        with ev.task("review", task_id=f"{sys.argv[1]}-review"):
            raise ValueError("nothing to review")
    except ValueError:
        ev.emit("alert.triggered", "Review failed", severity="warning", component="review")

if not ev.flush(10.0):
    sys.exit(f"not all was delivered: {ev.stats()}")
