"""Finding stored events: by number, name, task, time, text and every other thing the filter language has."""

import pytest

from otel_events.filter_language import Clause, Condition, FilterSettings, parse_filter
from otel_events.reading.selection import Selection
from tests.server.arriving import NOON, arrival, opened, seqs

_SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Five hundred events of seven kinds, in files of a few dozen."""
    with opened(tmp_path_factory.mktemp("found") / "events.jsonl", keep_bytes=200_000) as store:
        names = ["task.started", "task.completed", "epoch.completed", "alert.triggered", "page.read", "", "évènement.é"]
        for number in range(1, 501):
            store.append(
                [
                    arrival(
                        names[number % 7],
                        number,
                        at=NOON + number * _SECOND,
                        severity=[9, 9, 5, 13, 17][number % 5],
                        message=f'Number {number} said "so"',
                        task_id=f"t-{number % 11}",
                        session_id=f"s-{number % 3}",
                        persona=["thesis", "antithesis"][number % 2],
                        cycle=number // 100,
                        trace_id=1 + number % 5,
                        quality=number / 500,
                        is_last=number == 500,
                    )
                ]
            )
        store.append([arrival("otel_events.writer.report", 501, at=NOON + 501 * _SECOND, emitted=500)])
        yield store


FILTERS = [
    "task.*",
    "task_started",
    "task.*, epoch.*",
    "-epoch.*",
    "-epoch.*, -task.* severity<warn",
    "severity>=error",
    "severity>=warn task.*",
    "severity<info",
    "task_id=t-3",
    "task_id=t-*",
    "task_id!=t-3 page.*",
    "task_id=t-3 session_id=s-1, alert.*",
    "session_id=s-2 persona=thesis",
    "persona=nobody",
    "service=orchestrator quality>0.9",
    "trace_id=00000000000000000000000000000003",
    "cycle=2",
    "quality>0.5 quality<0.6",
    "is_last=true",
    '"said so", "Number 77"',
    '"number 4" severity>=error',
    "évènement.*",
    "nothing.like.this",
    "otel_events.*",
]


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_finds_what_looking_at_every_event_finds(store, text):
    """The index is a short cut, and never another answer; in either order, from either end."""
    chosen = parse_filter(text)
    fits = Selection(chosen).compile()
    everything = [store.get(seq) for seq in range(store.first_seq, store.last_seq + 1)]
    wanted = [
        event.seq
        for event in everything
        if fits(event.record) and ("otel_events" in text or not event.record.name.startswith("otel_events.writer"))
    ]

    assert seqs(store.select(chosen, limit=1_000)) == wanted
    assert seqs(store.select(chosen, limit=1_000, newest_first=True)) == wanted[::-1]
    assert seqs(store.select(chosen, limit=3)) == wanted[:3]
    assert seqs(store.select(chosen, limit=3, newest_first=True)) == wanted[::-1][:3]
    assert seqs(store.select(chosen, after=200, before=300, limit=1_000)) == [seq for seq in wanted if 200 < seq < 300]


@pytest.mark.parametrize("task_id", ["t-1", 7, True, 'a "quoted" \\ one', "é" * 3, ""])
def test_an_id_of_any_form_is_found_by_its_text(tmp_path, task_id):
    """As the filter language compares it: quotes, other alphabets, and numbers and truths where an id should be."""
    with opened(tmp_path / "events.jsonl") as store:
        store.append([arrival(number=1, task_id=task_id), arrival(number=2, task_id="other")])
        (event,) = store.select(limit=1)
        text = str(task_id).lower() if isinstance(task_id, bool) else str(task_id)
        chosen = FilterSettings((Clause(conditions=(Condition("task_id", "=", text),)),))

        assert Selection(chosen).compile()(event.record)
        assert seqs(store.select(chosen)) == [1]


def test_a_span_of_time_holds_what_happened_in_it(store):
    """From its first nanosecond, up to but not with its last."""
    found = store.select(since=NOON + 100 * _SECOND, until=NOON + 103 * _SECOND)

    assert seqs(found) == [100, 101, 102]
    assert store.select(since=NOON + 1_000 * _SECOND) == []
    assert store.select(until=NOON) == []


def test_what_writers_say_of_themselves_is_hidden_unless_it_is_asked_for(store):
    """It is kept, and found by its name."""
    assert seqs(store.select(newest_first=True, limit=1)) == [500]
    assert seqs(store.select(parse_filter("otel_events.writer.*"))) == [501]


def test_one_event_is_found_by_its_number(store):
    """As the ledger's line with the number in front."""
    event = store.get(7)

    assert event.wire().startswith(b'{"seq":7,"time":"2026-02-14T12:00:07.000000000Z",')
    assert store.get(10_000) is None


def test_counts_are_those_of_the_events(store):
    """Altogether and within a time."""
    assert store.views.counts()["task.started"] == 71
    assert sum(store.views.counts().values()) == 501
    assert store.views.counts(NOON + 100 * _SECOND, NOON + 107 * _SECOND) == dict.fromkeys(
        ["", "alert.triggered", "epoch.completed", "page.read", "task.completed", "task.started", "évènement.é"], 1
    )


def test_rates_are_counts_of_each_step(store):
    """By event, category or severity; a step without events has 0."""
    rates = store.views.rates(NOON + 495 * _SECOND, NOON + 505 * _SECOND, step=5, by="severity")

    assert rates == {"info": [2, 1], "debug": [1, 0], "warn": [1, 0], "error": [1, 0]}
    assert store.views.rates(NOON, NOON + 501 * _SECOND, step=501)["task.started"] == [71]
