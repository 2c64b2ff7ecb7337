"""A ledger, a clock and a watcher that can be killed: what tests of absence play with."""

from __future__ import annotations

from otel_events.absence.alert import is_alert
from otel_events.absence.language import parse_rules
from otel_events.absence.vigil import Vigil
from otel_events.reading.record import Record

SECOND = 1_000_000_000
BEGINNING = 1_800_000_000 * SECOND


class Clocks:
    """Both clocks of a machine, in seconds since the test began."""

    def __init__(self):
        self.now = 0.0
        self.set_by = 0.0  # what the wall clock was set by, or the machine was suspended for

    def monotonic(self):
        return round((self.now + 7) * SECOND)

    def wall(self):
        return BEGINNING + round((self.now + self.set_by) * SECOND)


def record(name, second, **attributes):
    """Return an event as a ledger gives it."""
    facts = {key: attributes.pop(key) for key in ("service", "trace_id", "span_id") if key in attributes}
    return Record(name, BEGINNING + round(second * SECOND), 9, attributes, facts)


def beat(second, component="a"):
    return record("heartbeat", second, component=component)


class Play:
    """A watcher beside a ledger that outlives it."""

    def __init__(self, *rules, grace=0.0):
        self.rules = parse_rules(rules)
        self.grace = round(grace * SECOND)
        self.clocks = Clocks()
        self.ledger = []
        self.pauses = []
        self.vigil = None
        self._unread = 0
        self._waiting = []
        self.start()

    def start(self):
        """Begin to watch, with what the ledger has."""
        self.vigil = Vigil(
            self.rules,
            grace=self.grace,
            monotonic=self.clocks.monotonic,
            wall=self.clocks.wall,
            tell_pause=self.pauses.append,
        )
        self.vigil.restore(self.ledger)
        self._unread = len(self.ledger)
        self._write(self.vigil.begin())

    def kill(self):
        self.vigil = None

    def write(self, *records):
        self.ledger += records

    def run(self, until, *records, late=(), step=0.5):
        """Let time go by. Each of *records* comes when it says that it happened, and of *late* so many seconds after that."""
        coming = [(each, 0) for each in records] + list(late)
        arriving = [(each.timestamp + round(delay * SECOND), each) for each, delay in coming]
        self._waiting = waiting = sorted([*self._waiting, *arriving], key=lambda pair: pair[0])
        while True:
            while waiting and waiting[0][0] <= self.clocks.wall():
                self.write(waiting.pop(0)[1])
            self.turn()
            if self.clocks.now >= until:
                return self.told
            self.clocks.now = min(until, self.clocks.now + step)

    def turn(self):
        """Look once, if anybody watches."""
        if self.vigil is not None:
            fresh, self._unread = self.ledger[self._unread :], len(self.ledger)
            self._write(self.vigil.turn(fresh))

    def _write(self, events):
        self.ledger += [as_record(event) for event in events]

    @property
    def alerts(self):
        return [each for each in self.ledger if is_alert(each)]

    @property
    def told(self):
        """What was told: name, subject and second of each."""
        return [(each.name, subject(each), (each.timestamp - BEGINNING) / SECOND) for each in self.alerts]


def subject(alert):
    return alert.text("subject") or alert.text("component") or alert.text("task_id")


def as_record(event):
    """Return what a reader of the ledger would get."""
    facts = {"message": event.body, "scope": {"name": event.scope.name}}
    if event.trace_id:
        facts["trace_id"] = f"{event.trace_id:032x}"
    return Record(event.name, event.timestamp, event.severity, event.all_attributes(), facts)
