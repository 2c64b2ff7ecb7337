"""`show`: the story of one thing as a tree."""

from __future__ import annotations

import json

import pytest

from otel_events.cli import exit_codes
from otel_events.event import Severity


@pytest.fixture
def tree(invoke):
    """Return the lines of the tree without their times."""

    def show(*arguments):
        answer = invoke("show", *arguments)
        assert answer.code == 0, answer.err
        return [line[12:] for line in answer.out.splitlines()[1:]]

    return show


def test_a_cycle_is_told_as_it_went(tree, story):
    """Phases in it, tasks in those, their events, and what went wrong."""
    assert tree("cycle", "7", "--no-attributes") == [
        "cycle 7 (1.20 s)",
        "└─ thesis (1.00 s)  [thesis]",
        "   └─ task draft failed (800 ms)  [thesis]",
        "      │  ! bad value 17",
        "      └─ task t-2 completed (200 ms)  [thesis]",
        "         └─ evidence.added",
    ]


def test_a_task_is_told_with_its_children(tree, story):
    """And with nothing around it."""
    assert [line.partition("  [")[0] for line in tree("task", "t-1", "--no-attributes")] == [
        "task draft failed (800 ms)", "│  ! bad value 17", "└─ task t-2 completed (200 ms)", "   └─ evidence.added",
    ]  # fmt: skip


def test_what_is_bound_around_a_task_is_told_once(tree, ledger, event):
    """Though its beginning and its end both say it; what has changed is told as it was and as it is."""
    bound = {"task_id": "t-1", "customer": "c-7"}
    ledger(
        event("task.started", 0, **bound, task_name="fetch", progress=0),
        event("task.completed", 1, **bound, duration=1.0, progress=1, confidence=0.9),
    )

    assert tree("task", "t-1") == [
        "task fetch completed (1.00 s)  customer=c-7 progress=0 progress=1 confidence=0.9 task_id=t-1"
    ]


def test_a_task_that_failed_without_an_exception_says_why(tree, ledger, event):
    """Where an exception's message would be, and not among the attributes once more."""
    ledger(
        event("task.started", 0, task_id="t-1"),
        event("task.failed", 1, task_id="t-1", severity=Severity.ERROR, reason="card refused"),
    )

    assert tree("task", "t-1") == ["task t-1 failed", "   ! card refused"]


def test_the_first_digits_of_a_trace_will_do(tree, story):
    """As people copy them."""
    assert tree("trace", "000000000000000000000000000")[0] == "cycle 7 (1.20 s)"


def test_what_is_open_still_says_so(tree, story):
    """It never ended."""
    assert tree("task", "t-3") == ["task t-3 open"]


def test_spans_tell_where_things_belong(tree, ledger, event, tmp_path):
    """With a traces file a tree needs no guessing, and spans without events are in it."""
    spans = [("1", "", "cycle"), ("2", "1", "http.get"), ("3", "2", "draft")]
    lines = [
        {
            "traceId": f"{5:032x}", "spanId": f"{int(own):016x}", "parentSpanId": f"{int(above):016x}" if above else "",
            "name": name, "startTimeUnixNano": str(1_771_095_683 * 10**9 + int(own)), "endTimeUnixNano": str(1_771_095_684 * 10**9),
        }
        for own, above, name in spans
    ]  # fmt: skip
    (tmp_path / "traces.jsonl").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": lines}]}]}) + "\n")
    ledger(
        event("cycle.start", cycle=1, trace=5, span=1), event("task.started", 0.1, task_id="a", trace=5, span=3),
        event("a.b", 0.2, task_id="a", trace=5, span=3), event("task.completed", 0.3, task_id="a", trace=5, span=3, duration=0.2),
        event("cycle.end", 0.4, cycle=1, trace=5, span=1, duration=0.4),
    )  # fmt: skip

    assert tree("trace", f"{5:032x}", "ledger.jsonl", "traces.jsonl") == [
        "cycle 1 (400 ms)", "└─ http.get (1.00 s)", "   └─ task a completed (200 ms)", "      └─ a.b",
    ]  # fmt: skip


def test_spans_alone_tell_a_cycle_with_all_that_is_inside(tree, tmp_path):
    """The Collector's file has inner spans first, and those need not name the cycle; why one failed is told."""
    line = (
        '{"resourceSpans":[{"scopeSpans":[{"spans":['
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000c3","parentSpanId":"00000000000000b2",'
        '"name":"draft","startTimeUnixNano":"1771095685000000000","endTimeUnixNano":"1771095687000000000"},'
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000b2","parentSpanId":"00000000000000a1",'
        '"name":"thesis","startTimeUnixNano":"1771095684000000000","endTimeUnixNano":"1771095688000000000",'
        '"status":{"code":2,"message":"no sources"}},'
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000a1","name":"cycle",'
        '"startTimeUnixNano":"1771095683000000000","endTimeUnixNano":"1771095689000000000",'
        '"attributes":[{"key":"cycle","value":{"intValue":"7"}}]},'
        '{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"00000000000000d4","name":"elsewhere",'
        '"startTimeUnixNano":"1771095683000000000","endTimeUnixNano":"1771095689000000000"}]}]}]}'
    )
    path = tmp_path / "traces.jsonl"
    path.write_text(line + "\n")

    assert tree("cycle", "7", "--no-attributes", str(path)) == [
        "cycle 7 (6.00 s)",
        "└─ thesis failed (4.00 s)",
        "   │  ! no sources",
        "   └─ draft (2.00 s)",
    ]


def test_phases_inside_a_task_are_told_inside_it(tree, ledger, event):
    """As `run` makes them: its task is around everything that its command does."""
    ledger(
        event("task.started", 0, task_id="run", trace=5, span=1),
        event("otel_events.writer.started", 0.05, task_id="run", trace=5),
        event("session.start", 0.1, task_id="run", session_id="s", trace=5, span=1),
        event("cycle.start", 0.2, task_id="run", session_id="s", cycle=1, trace=5, span=2),
        event("task.started", 0.3, task_id="draft", parent_task_id="run", session_id="s", cycle=1, trace=5, span=3),
        event("task.started", 0.4, task_id="search", parent_task_id="draft", session_id="s", cycle=1, trace=5, span=4),
    )

    assert tree("task", "run") == [
        "task run open",
        "└─ session s open",
        "   └─ cycle 1 open",
        "      └─ task draft open",
        "         └─ task search open",
    ]


def test_circles_end(tree, ledger, event):
    """A file may say that two tasks are each other's children."""
    ledger(
        event("task.started", 0, task_id="a", parent_task_id="b"),
        event("task.started", 1, task_id="b", parent_task_id="a"),
        event("task.started", 2, task_id="c", parent_task_id="c"),
    )

    assert len(tree("task", "a")) == 2


def test_deep_nesting_is_no_trouble(tree, ledger, event):
    """A thousand tasks in each other."""
    ledger(*[event("task.started", n / 1000, task_id=f"t{n}", parent_task_id=f"t{n - 1}") for n in range(1, 1_001)])

    assert len(tree("task", "t1")) == 1_000


def test_the_records_can_be_had_as_json(invoke, story, rows):
    """In the order of time."""
    assert [row["event"] for row in rows(invoke("show", "task", "t-2", "--json").out)] == [
        "task.started", "evidence.added", "task.completed",
    ]  # fmt: skip


def test_what_is_not_there_is_an_answer_of_its_own(invoke, story):
    """Exit code 1, unlike an error."""
    answer = invoke("show", "task", "nobody")

    assert (answer.code, answer.err) == (
        exit_codes.NO,
        "Error: there is no task 'nobody' among 11 records\n",
    )


def test_hand_written_ledgers_tell_stories_too(tree, tmp_path):
    """Old names, no traces."""
    lines = [
        {"event": "task_started", "task_id": "demo-001", "ts": 1771095683.0, "goal": "write"},
        {"event": "evidence_added", "task_id": "demo-001", "ts": 1771095684.0},
        {"event": "task_failed", "task_id": "demo-001", "ts": 1771095685.0, "severity": Severity.ERROR.name},
    ]
    (tmp_path / "old.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    assert tree("task", "demo-001", "old.jsonl") == ["task demo-001 failed  goal=write", "└─ evidence.added"]


def test_a_session_is_told_with_all_that_is_in_it(tree, ledger, event):
    """Its cycles, tasks and events."""
    ledger(
        event("session.start", 0, session_id="s-1", trace=1, span=1),
        event("cycle.start", 1, session_id="s-1", cycle=3, trace=2, span=2),
        event("a.b", 2, session_id="s-1", cycle=3, trace=2, span=2),
        event("cycle.end", 3, session_id="s-1", cycle=3, duration=2.0, trace=2, span=2),
        event("session.end", 4, session_id="s-1", duration=4.0, trace=1, span=1),
        event("a.b", 5, session_id="s-2"),
    )

    assert tree("session", "s-1", "--no-attributes") == ["session s-1 (4.00 s)", "└─ cycle 3 (2.00 s)", "   └─ a.b"]


def test_the_name_of_a_task_means_the_latest_of_that_name(invoke, ledger, event):
    """It is said which one that is; a name that is nearly right is named."""
    ledger(*(event("task.started", n, task_id=f"t-{n}", task_name="draft") for n in range(3)))

    answer = invoke("show", "task", "draft")

    assert "task draft open  task_id=t-2" in answer.out
    assert answer.err == "task t-2, the latest of 3 with the name 'draft'\n"
    assert "there is no task 'draf' among 3 records; did you mean 'draft'?" in invoke("show", "task", "draf").err


def test_a_phase_of_the_programs_own_is_called_by_its_name(tree, ledger, event):
    """`phase("tuning")` has no event types of its own."""
    ledger(
        event("phase.start", 0, phase="tuning", rate=3, trace=1, span=1),
        event("phase.end", 1, phase="tuning", duration=1.0, trace=1, span=1),
    )

    assert tree("trace", "0") == ["phase tuning (1.00 s)  rate=3"]


@pytest.fixture
def again(ledger, event):
    """A task whose id is used three times, each with a child; the last time in two traces of one program."""
    lines = []
    for run, trace in ((1, 1), (2, 2), (3, 3)):
        at = 10.0 * run
        lines += [
            event("task.started", at, task_id="t-1", task_name="draft", trace=trace, span=1),
            event("task.started", at + 1, task_id="c-1", parent_task_id="t-1", trace=trace, span=2),
            event(
                "evidence.added", at + 2, task_id="c-1", parent_task_id="t-1", trace=trace, span=2, source=f"{run}.pdf"
            ),
            event("task.completed", at + 3, task_id="c-1", parent_task_id="t-1", trace=trace, span=2, duration=2.0),
            event("task.completed", at + 4, task_id="t-1", trace=trace, span=1, duration=4.0),
        ]
    return ledger(*lines)


def test_of_an_id_that_was_used_again_the_latest_run_is_told(invoke, again):
    """With its children alone, by the id or the name; it is said which run of how many that is, and how to see others."""
    latest, second = invoke("show", "task", "t-1"), invoke("show", "task", "t-1", "--run", "2")

    assert (latest.out.count("task draft"), latest.out.count("task c-1"), "source=3.pdf" in latest.out) == (1, 1, True)
    assert latest.err == "run 3 of 3 of task t-1; --run N shows another, --all-runs all of them\n"
    assert (second.out.count("task draft"), "source=2.pdf" in second.out) == (1, True)
    assert second.err.startswith("run 2 of 3 of task t-1;")
    assert invoke("show", "task", "draft").out == latest.out


def test_all_runs_are_told_one_after_the_other(tree, again):
    """Each a tree of its own."""
    assert tree("task", "t-1", "--all-runs", "--no-attributes") == [
        "task draft completed (4.00 s)", "└─ task c-1 completed (2.00 s)", "   └─ evidence.added",
    ] * 3  # fmt: skip


def test_each_line_of_json_says_its_run(invoke, again, rows):
    """And how many there are; what is a story of one run says 1 of 1, a trace nothing."""
    told = rows(invoke("show", "task", "t-1", "--json", "--all-runs").out)

    assert [(row["run"], row["runs"]) for row in told] == [(run, 3) for run in (1, 2, 3) for _ in range(5)]
    assert {row["run"] for row in rows(invoke("show", "task", "t-1", "--json").out)} == {3}
    assert "run" not in rows(invoke("show", "trace", f"{1:032x}", "--json").out)[0]


def test_a_filter_leaves_the_runs_as_they_are(invoke, again, rows):
    """It chooses among the events of a run, and the latest run that it leaves something of is told."""
    answer = invoke("show", "task", "t-1", "--json", "evidence.*")
    older = invoke("show", "task", "t-1", "--json", "source=2.pdf")
    nothing = invoke("show", "task", "t-1", "severity>=error")

    assert [(row["event"], row["run"]) for row in rows(answer.out)] == [("evidence.added", 3)]
    assert [(row["attributes"]["source"], row["run"]) for row in rows(older.out)] == [("2.pdf", 2)]
    assert (nothing.code, nothing.err) == (exit_codes.NO, "Error: nothing of task t-1 fits the filter\n")


def test_a_cycle_is_another_one_in_each_session(invoke, ledger, event):
    """Programs count from 1 in every session; a retry within the same trace is another run too."""
    lines = [event("cycle.start", n, session_id=f"s-{n}", cycle=1, trace=n, span=1) for n in (1, 2)]
    lines += [event("cycle.end", 3, session_id="s-2", cycle=1, trace=2, span=1, duration=1.0)]
    lines += [event("cycle.start", 4, session_id="s-2", cycle=1, trace=2, span=2)]
    ledger(*lines)

    answer = invoke("show", "cycle", "1")
    narrowed = invoke("show", "cycle", "1", "session_id=s-1")

    assert (answer.err.split(";")[0], answer.out.count("cycle 1")) == ("run 3 of 3 of cycle 1", 1)
    assert narrowed.err.startswith("run 1 of 3 of cycle 1;")


def test_a_run_that_is_not_there_is_told(invoke, again):
    """With how many there are; a trace has none."""
    absent = invoke("show", "task", "t-1", "--run", "4")
    both = invoke("show", "task", "t-1", "--run", "1", "--all-runs")
    trace = invoke("show", "trace", "0", "--run", "1")

    assert (absent.code, absent.err) == (exit_codes.NO, "Error: there is no run 4 of task t-1, but 3 runs\n")
    assert (both.code, trace.code) == (exit_codes.USAGE, exit_codes.USAGE)
