"""A program of system B, by the calls that its documents show."""

from broadcaster import emit, get_broadcaster

emit("daemon.start", {"mode": "cycles", "interval": 5})


class Daemon:
    def __init__(self):
        self.events = get_broadcaster()

    def run(self, cycle, day):
        self.events.set_cycle(cycle, day)
        self.events.emit("cycle.start", {"day": day, "session": "s-1"})
        self.events.emit("sense", {"projection": [0.1, 0.2], "sense": "project"})
        self.events.emit("decision", {"intention": "배움", "target": {"id": 3}, "rationale": "familiar"})
        self.events.emit("cycle.end", {"duration_ms": 12})


Daemon().run(42, 1551)
