"""What is told of what did not happen: once, in time, and as if nobody had ever been killed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.reading.record import Record
from tests.absence.watching import BEGINNING, SECOND, Play, beat, record

HEART = "expect heartbeat a within 10s"


def names(told):
    return [(name, subject) for name, subject, _ in told]


# -- heartbeats ------------------------------------------------------------------------------------------------------


def test_a_heart_that_stops_is_missed_and_one_that_beats_again_is_resolved():
    """Each is told once, with what was last seen and how long it was silent."""
    play = Play(HEART)

    told = play.run(40, beat(1), beat(5), beat(30), beat(39))

    assert told == [("heartbeat.missed", "a", 15.5), ("heartbeat.missed.resolved", "a", 30.0)]
    missed, back = play.alerts
    assert missed.attributes == {
        "component": "a",
        "rule": "heartbeat a within 10s",
        "expected_within": 10.0,
        "last_seen": "2027-01-15T08:00:05.000000000Z",
    }
    assert back.attributes["duration"] == 25.0
    assert (missed.text("message"), back.text("message")) == (
        "No heartbeat of a within 10s",
        "Heartbeat of a again after 25s",
    )


def test_one_that_never_beat_is_missed_too():
    """From when it began to be expected; there is no last time then."""
    play = Play(HEART)
    play.run(12)

    (missed,) = play.alerts
    assert "last_seen" not in missed.attributes


def test_a_pattern_expects_what_has_beaten_once():
    """Each component by itself."""
    play = Play("heartbeat w-* within 10s")

    told = play.run(
        30, beat(1, "w-1"), beat(2, "w-2"), beat(3, "other"), beat(9, "w-1"), beat(18, "w-1"), beat(27, "w-1")
    )

    assert names(told) == [("heartbeat.missed", "w-2")]


def test_to_come_in_the_last_instant_is_to_come_in_time():
    """The time that was given belongs to it."""
    play = Play(HEART)

    assert play.run(20, beat(0), beat(10), beat(20)) == []


# -- late, early, out of order -----------------------------------------------------------------------------------------


def test_a_beat_counts_from_when_it_happened():
    """One that comes late does not make a dead heart live."""
    play = Play(HEART)
    play.run(8, beat(0))
    play.write(beat(1))
    play.run(11.5)

    assert names(play.told) == [("heartbeat.missed", "a")]
    play.write(beat(1.2))  # from before its death, out of a spool
    play.run(20)
    assert names(play.told) == [("heartbeat.missed", "a")]


def test_beats_in_the_wrong_order_count_as_in_the_right_one():
    """The last that happened counts, not the last that came."""
    play = Play(HEART)
    play.run(9, beat(0))
    play.write(beat(8), beat(3))

    assert play.run(17) == []


def test_a_clock_that_is_ahead_buys_no_time():
    """What says that it is of the future happened now."""
    play = Play(HEART)
    play.run(1)
    play.write(beat(3_600))

    assert play.run(12) == [("heartbeat.missed", "a", 11.5)]


def test_what_does_not_say_when_it_happened_says_nothing():
    """As lines do that somebody has written by hand; nor does a span of the same name."""
    play = Play("heartbeat * within 10s")
    play.write(Record("heartbeat", 0, 9, {"component": "a"}, {}))
    play.write(Record("heartbeat", BEGINNING + 1, 9, {"component": "b"}, {}, kind="span"))

    assert play.run(20) == []


# -- tasks -----------------------------------------------------------------------------------------------------------


def test_a_task_that_does_not_end_has_stalled_until_it_ends():
    """Told with the task's own attributes and its trace."""
    play = Play("task.started ends within 10s")
    trace = "0af7651916cd43dd8448eb211c80319c"
    play.run(
        30,
        record("task.started", 1, task_id="t-1", task_name="draft", persona="thesis", trace_id=trace),
        record("task.started", 2, task_id="t-2"),
        record("task.completed", 5, task_id="t-2"),
        record("task.failed", 25, task_id="t-1"),
    )

    assert play.told == [("task.stalled", "t-1", 11.5), ("task.stalled.resolved", "t-1", 25.0)]
    stalled, ended = play.alerts
    assert (stalled.text("task_name"), stalled.text("persona"), stalled.text("trace_id")) == ("draft", "thesis", trace)
    assert (stalled.text("message"), ended.attributes["duration"]) == (
        "Task t-1 (draft) has not ended within 10s",
        24.0,
    )


def test_an_end_that_comes_before_its_beginning_ends_it():
    """Out of order is as good as in order."""
    play = Play("task.started ends within 10s")
    play.write(record("task.completed", 3, task_id="t"), record("task.started", 1, task_id="t"))

    assert play.run(20) == []


def test_an_end_that_is_stamped_before_its_beginning_ends_it():
    """Its clock was set back in between, or it ended on a machine whose clock is a little behind."""
    play = Play("task.started ends within 10s")
    play.write(record("task.started", 3, task_id="t"), record("task.completed", 1, task_id="t"))

    assert play.run(20) == []


def test_the_end_of_a_run_before_that_comes_once_more_ends_no_later_run():
    """What is delivered twice says nothing new."""
    play = Play("task.started ends within 10s")
    ended = record("task.completed", 2, task_id="t")
    play.write(record("task.started", 1, task_id="t"), ended, record("task.started", 3, task_id="t"), ended)

    assert play.run(20) == [("task.stalled", "t", 10.5)]


def test_a_task_that_is_started_again_has_its_time_again():
    """And is stalled no more, since nobody will end the run before."""
    play = Play("task.started ends within 10s")

    told = play.run(
        40,
        record("task.started", 1, task_id="t"),
        record("task.started", 20, task_id="t"),
        record("task.completed", 25, task_id="t"),
    )

    assert told == [("task.stalled", "t", 11.5), ("task.stalled.resolved", "t", 20.0)]
    assert play.alerts[1].text("reason") == "it was started again"


def test_where_says_which_beginnings_are_meant():
    """In the filter language."""
    play = Play("task.started ends within 10s where persona=thesis*, -task_id=skip")

    told = play.run(
        20,
        record("task.started", 1, task_id="t-1", persona="thesis-2"),
        record("task.started", 1, task_id="t-2", persona="antithesis"),
    )

    assert names(told) == [("task.stalled", "t-1")]


@pytest.mark.parametrize(
    ("rule", "event", "told"),
    [
        ("cycle.start ends within 10s", record("cycle.start", 1, cycle=42, session_id="s"), ("cycle.stalled", "42 s")),
        ("session.start ends within 10s", record("session.start", 1, session_id="s"), ("expectation.missed", "s")),
        ("thesis.start ends within 10s", record("thesis.start", 1, task_id="t"), ("expectation.missed", "t")),
        ("*.start ends within 10s", record("session.start", 1, session_id="s"), ("expectation.missed", "session s")),
        ("cycle.start every 10s by service", record("cycle.start", 1, service="x"), ("cycle.stalled", "x")),
        ("backup.done every 10s", record("backup.done", 1), ("expectation.missed", "backup.done")),
    ],
)
def test_whatever_else_begins_or_comes_again_can_be_expected(rule, event, told):
    """Tasks, cycles and hearts have events of their own, everything else has one in common."""
    play = Play(rule)

    assert names(play.run(20, event)) == [told]


# -- pauses and clocks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("set_by", [-7_200, 7_200])
def test_a_clock_that_is_set_misses_nothing(set_by):
    """Neither way, for programs of the same machine; what dies afterwards is missed all the same."""
    play = Play(HEART, "task.started ends within 60s", grace=5)
    play.run(8, beat(1), beat(8), record("task.started", 2, task_id="t"))
    play.clocks.set_by = set_by
    for now in range(9, 60, 4):
        play.write(beat(now + set_by))
        play.run(now)
    assert play.told == []
    assert len(play.pauses) == 1

    assert names(play.run(90)) == [("task.stalled", "t"), ("heartbeat.missed", "a")]


def test_a_suspended_machine_has_missed_nothing():
    """Its clock that nobody sets stood still, and its programs with it."""
    play = Play(HEART, grace=5)
    play.run(8, beat(1), beat(8))
    play.clocks.set_by = 8 * 3_600

    assert play.run(15) == []
    assert play.pauses == [pytest.approx(8 * 3_600, abs=1)]


def test_who_was_stopped_gives_what_it_missed_time_to_come():
    """And tells of what does not come then."""
    play = Play(HEART, grace=5)
    play.run(8, beat(1), beat(8))
    play.clocks.now = 60.0  # SIGSTOP: no clock stood still, nobody looked
    play.turn()
    assert play.told == []
    play.write(beat(52), beat(59))
    assert play.run(64) == []

    assert play.run(80) == [("heartbeat.missed", "a", 69.5)]


# -- restarts ----------------------------------------------------------------------------------------------------------


def test_what_was_told_is_not_told_again():
    """After a kill the ledger knows."""
    play = Play(HEART)
    play.run(20, beat(1))
    play.kill()
    play.start()
    assert names(play.run(40)) == [("heartbeat.missed", "a")]

    play.kill()
    play.write(beat(39))
    play.start()
    assert names(play.told) == [("heartbeat.missed", "a"), ("heartbeat.missed.resolved", "a")]


def test_what_came_while_nobody_looked_has_come():
    """A server that was down itself blames nobody, and gives late senders a time of grace."""
    play = Play(HEART, grace=8)
    play.run(5, beat(5))
    play.kill()
    play.run(100)
    play.start()
    play.run(104)
    play.write(beat(98))
    assert play.run(107) == []

    assert play.run(120) == [("heartbeat.missed", "a", 108.5)]


def test_a_rule_that_is_gone_leaves_nothing_open():
    """What it missed is not expected any more, which is told."""
    play = Play(HEART, "task.started ends within 10s")
    play.run(20, record("task.started", 1, task_id="t"))
    play.kill()
    play.rules = play.rules[:0]
    play.start()

    assert sorted(names(play.told[2:])) == [("heartbeat.missed.resolved", "a"), ("task.stalled.resolved", "t")]
    assert {each.text("reason") for each in play.alerts[2:]} == {"it is no longer expected"}


def test_other_peoples_alerts_are_theirs():
    """A program that says of itself that it missed something is left alone."""
    play = Play(HEART)
    play.kill()
    play.write(record("heartbeat.missed", 0, component="b"), record("task.stalled", 0, task_id="t"))
    play.start()

    assert play.told == []


RULES = (HEART, "heartbeat w* within 7s", "task.started ends within 9s", "cycle.start every 6s")
MOMENTS = st.integers(0, 120).map(lambda tick: tick / 2)
EVENTS = st.one_of(
    st.builds(beat, MOMENTS, st.sampled_from(["a", "w1", "w2"])),
    st.builds(
        lambda name, second, number: record(name, second, task_id=f"t-{number}"),
        st.sampled_from(["task.started", "task.completed", "task.failed"]),
        MOMENTS,
        st.integers(1, 3),
    ),
    st.builds(lambda second: record("cycle.start", second, session_id="s"), MOMENTS),
)


LATE = st.one_of(st.just(0), st.integers(0, 40).map(lambda tick: tick / 2))


@given(
    st.lists(st.tuples(EVENTS, LATE), max_size=40), st.sets(st.integers(1, 199).map(lambda tick: tick / 2), max_size=8)
)
def test_the_same_is_told_whenever_the_watcher_is_killed(events, kills):
    """Without grace: to the instant, though events come late and in the wrong order. Nothing is told twice, and nothing is lost."""
    whole = Play(*RULES)
    whole.run(100, late=events)

    cut = Play(*RULES)
    cut.run(0, late=events)
    for moment in sorted(kills):
        cut.run(moment)
        cut.kill()
        cut.start()
    cut.run(100)

    assert facts(cut) == facts(whole)


@given(
    st.lists(EVENTS, max_size=40),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=5),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_missed_and_resolved_alternate_through_any_absence(events, absences, losses):
    """However long nobody looked and whatever came late: at the end exactly what is missing is open."""
    play = Play(*RULES, grace=4)
    waiting = sorted(events, key=lambda each: each.timestamp)
    for late, (up, down) in zip([*losses, *[0] * 5], absences, strict=False):
        end = play.clocks.now + up
        due = [each for each in waiting if each.timestamp <= BEGINNING + round((end - late / 10) * SECOND)]
        waiting = [each for each in waiting if each not in due]
        play.run(end, *due)
        play.kill()
        play.run(end + down)
        play.start()
    play.run(play.clocks.now + 200, *waiting)

    open_ = {}
    for name, subject, _ in play.told:
        key = (name.removesuffix(".resolved"), subject)
        assert open_.get(key, False) == name.endswith(".resolved"), play.told
        open_[key] = not name.endswith(".resolved")
    seen = {each.text("component") for each in events if each.name == "heartbeat"}
    missing = {("heartbeat.missed", name) for name in {"a", *seen}} | {("cycle.stalled", "cycle.start")}
    still = {key for key, is_open in open_.items() if is_open}
    assert {key for key in still if key[0] != "task.stalled"} == missing


def facts(play):
    return sorted(
        (
            each.name,
            (each.timestamp - BEGINNING) / SECOND,
            sorted((key, str(value)) for key, value in each.attributes.items()),
        )
        for each in play.alerts
    )
