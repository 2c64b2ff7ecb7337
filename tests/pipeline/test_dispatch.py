"""What handing over to sinks promises: routes, and that no sink can hurt another."""

import signal
import threading
import time

import pytest

import otel_events as ev
from tests.fresh import KeepingSink, SpanKeepingSink, assert_accounted, fresh  # noqa: F401
from tests.program import ledger_events, run_program

pytestmark = pytest.mark.usefixtures("fresh")


class MuteError(Exception):
    """Says nothing, and fails where it is asked."""

    def __repr__(self):
        raise RuntimeError

    __str__ = __repr__


class RaisingSink(KeepingSink):
    """Raises, the first time or each time."""

    def __init__(self, name, error=OSError, times=100):
        super().__init__(name)
        self.errors = [error("broken")] * times

    def write(self, events):
        if self.errors:
            raise self.errors.pop()
        super().write(events)


class HangingSink(KeepingSink):
    """Hangs in `write` until it is let go."""

    def __init__(self, name="hangs"):
        super().__init__(name)
        self.let_go = threading.Event()

    def write(self, events):
        self.let_go.wait(60)
        super().write(events)


def await_names(sink, count):
    """Wait until *sink* has so many events, on a thread of its own."""
    until = time.monotonic() + 20  # reached only by a failing test
    while len(sink.names) < count and time.monotonic() < until:
        time.sleep(0.005)


def test_a_sink_that_raises_hurts_no_other():
    """Its events are counted as dropped by it; every other sink gets them."""
    bad, good = RaisingSink("bad"), KeepingSink("good")
    ev.configure(sink=[bad, good])
    ev.emit("seed.planted")

    assert not ev.flush()
    assert good.names == ["seed.planted"]
    assert ev.stats().dropped == {"bad_failed": 2}  # the writer says that it started
    assert ev.stats().delivered == {"good": 2}


def test_an_error_that_cannot_be_told_ends_nothing(caplog):
    """What a sink raises may fail to say what it is: it is counted and told by its kind, and the sink gets what follows."""
    bad, good = RaisingSink("bad", MuteError, times=1), KeepingSink("good")
    ev.configure(sink=[bad, good])
    ev.emit("seed.planted")
    assert not ev.flush()
    ev.emit("seed.died")

    assert ev.flush()
    assert (bad.names, good.names) == (["seed.died"], ["seed.planted", "seed.died"])
    assert ev.stats().dropped == {"bad_failed": 2}
    assert caplog.messages == ["sink 'bad' failed: MuteError"]


def test_a_sink_that_hangs_hurts_no_other_and_no_deadline():
    """Sinks of others have threads of their own: one that hangs delays neither events of others nor a flush."""
    stuck, good = HangingSink(), KeepingSink("good")
    ev.configure(sink=[stuck, good])
    ev.emit("seed.planted")
    began = time.monotonic()
    was_flushed = ev.flush(0.2)
    took = time.monotonic() - began
    ev.emit("seed.died")
    assert not ev.flush(0.2)
    await_names(good, 2)

    assert not was_flushed
    assert took < 5  # it hangs for a minute
    assert good.names == ["seed.planted", "seed.died"]
    stuck.let_go.set()
    assert ev.flush(10)
    assert stuck.names == ["seed.planted", "seed.died"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_a_time_limit_of_the_programs_own_ends_a_flush(tmp_path):
    """What its signal handler raises reaches it, and is no failure of the sink, though a Collector answers nothing."""
    ran = run_program(
        """
        import signal, socket

        class TimeUp(Exception): ...

        def strike(*_):
            raise TimeUp

        collector = socket.create_server(("127.0.0.1", 0))
        ev.configure(endpoint=f"http://127.0.0.1:{collector.getsockname()[1]}", ledger=False, exit_timeout=0.1)
        ev.emit("seed.planted")
        signal.signal(signal.SIGALRM, strike)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            print(ev.flush(30))
        except TimeUp:
            print("in time")
        """,
        tmp_path,
    )

    assert (ran.out, "failed" in ran.err) == ("in time\n", False)


@pytest.mark.parametrize("what", ["flush", "close"])
def test_a_sink_that_overstays_or_raises_makes_the_answer_no(what):
    """A `flush` or `close` of a sink that raises or does not come back by the deadline is a no, in time."""

    class Overstays(KeepingSink):
        pass

    is_over = threading.Event()
    raising, slow = Overstays("raises"), Overstays("slow")
    setattr(raising, what, lambda deadline: 1 / 0)
    setattr(slow, what, lambda deadline: is_over.wait(60))
    for sink in (raising, slow):
        ev.configure(sink=sink, exit_timeout=0.1)
        ev.emit("seed.planted")
        began = time.monotonic()

        assert not (ev.flush(0.1) if what == "flush" else ev.shutdown(0.1))
        assert time.monotonic() - began < 5
    is_over.set()


def test_the_first_route_that_fits_decides():
    """Events go to the sinks of the first route whose pattern fits; what fits none goes to all."""
    tasks, alerts = KeepingSink("tasks"), KeepingSink("alerts")
    ev.configure(sink=[tasks, alerts], routes=[("task.*", ["tasks"]), ("alert.*", ["alerts"])])
    for name in ("task.started", "alert.triggered", "seed.planted"):
        ev.emit(name)
    assert ev.flush()

    assert tasks.names == ["task.started", "seed.planted"]
    assert alerts.names == ["alert.triggered", "seed.planted"]


def test_routes_keep_the_order_of_many_events():
    """Each sink gets those that are routed to it in the order in which they happened, however many are alike."""
    seeds, all_ = KeepingSink("seeds"), KeepingSink("all")
    ev.configure(sink=[seeds, all_], routes=[("seed.*", ["seeds", "all"]), ("*", ["all"])])
    said = [
        f"{kind}.{what}" for _ in range(10) for kind, what in (("seed", "planted"), ("rain", "fell"), ("seed", "grew"))
    ]
    for name in said:
        ev.emit(name)
    assert ev.flush()

    assert all_.names == said
    assert seeds.names == [name for name in said if name.startswith("seed")]


def test_a_sink_that_only_routes_name_gets_only_what_they_send(tmp_path):
    """A ledger that only a route names is written, with the events of that route alone."""
    kept = KeepingSink()
    ev.configure(sink=kept, routes=[("alert.*", ["ledger", "kept"])])
    ev.emit("alert.triggered")
    ev.emit("seed.planted")
    assert ev.flush()

    assert kept.names == ["alert.triggered", "seed.planted"]
    ledger = tmp_path / "state" / "otel-events" / "events.jsonl"
    assert [event["event"] for event in ledger_events(ledger)] == ["alert.triggered"]


def test_what_no_sink_takes_is_counted():
    """Where there is no sink at all, events and spans are dropped for `no_sink`."""
    ev.configure(disabled=True)
    ev.emit("seed.planted")
    assert ev.flush()

    assert ev.stats().dropped == {"no_sink": 1}


def test_spans_go_to_sinks_that_take_them():
    """A sink with `write_spans` gets the ended spans too, one without does not."""
    both, events = SpanKeepingSink("both"), KeepingSink("events")
    ev.configure(sink=[both, events])
    # The provider is the private one: a test must not set a global.
    with ev.task("draft"):
        pass
    assert ev.flush()

    assert [span.name for span in both.spans] == ["draft"]
    assert ev.stats().spans_delivered == {"both": 1}
    assert_accounted(ev.stats(), "both")


def test_a_sink_that_emits_does_not_feed_itself():
    """What happens while a sink writes is not emitted: else one event would keep the process busy for ever."""

    class Emits(KeepingSink):
        def write(self, events):
            super().write(events)
            ev.emit("seed.died")

    echo = Emits()
    ev.configure(sink=echo)
    ev.emit("seed.planted")
    assert ev.flush()

    assert echo.names == ["seed.planted"]
    assert ev.stats().dropped == {"suppressed": 1}
    assert_accounted(ev.stats(), "kept")


def test_a_slow_sink_has_a_bounded_queue(monkeypatch):
    """What finds the queue of a slow sink full is dropped for it, counted exactly; others get it."""
    from otel_events.sinks import apart

    monkeypatch.setitem(apart.ApartSink.__init__.__kwdefaults__, "max_waiting", 10)
    stuck, good = HangingSink(), KeepingSink("good")
    ev.configure(sink=[stuck, good])
    for _ in range(8):
        for _ in range(5):
            ev.emit("seed.planted")
        ev.flush(0)
        while ev.stats().queued:
            time.sleep(0.001)
    stuck.let_go.set()
    ev.flush(10)

    stats = ev.stats()
    assert stats.delivered["hangs"] + stats.dropped["hangs_queue_full"] == 41  # the writer says that it started
    assert stats.dropped["hangs_queue_full"] > 0
    assert len(stuck.events) + len(stuck.own) == stats.delivered["hangs"]
