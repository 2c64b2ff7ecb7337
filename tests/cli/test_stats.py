"""`stats` and `errors`: what many events say together."""

from __future__ import annotations

import json

import pytest

from otel_events.cli import exit_codes
from otel_events.event import Severity
from otel_events.reading.analysis.quantiles import Quantiles
from tests.program import run_program


@pytest.fixture
def stats(invoke):
    """Return the statistics as a mapping."""
    return lambda *arguments: json.loads(invoke("stats", "--json", *arguments).out)


def writer_event(event, name, number, **attributes):
    return event(f"otel_events.writer.{name}", number / 100, number=number, **attributes)


class TestCounts:
    def test_groups_count_failures_and_durations(self, stats, story):
        """By event, largest first."""
        found = stats()
        groups = {group["name"]: group for group in found["groups"]}

        assert (found["events"], found["failures"], found["groups"][0]["name"]) == (11, 1, "task.started")
        assert (groups["task.failed"]["count"], groups["task.failed"]["failures"]) == (1, 1)
        assert groups["task.failed"]["duration_seconds"]["max"] == 0.8
        assert groups["task.started"]["duration_seconds"] is None

    @pytest.mark.parametrize(
        ("by", "names"),
        [
            ("persona", ["thesis", ""]),
            ("task", ["", "t-2", "t-1", "t-3"]),
            ("cycle", ["7", ""]),
            ("severity", ["INFO", "ERROR", "WARN"]),
        ],
    )
    def test_groups_by_anything(self, by, names, stats, story):
        """Correlation, facts, attributes."""
        assert [group["name"] for group in stats("--by", by)["groups"]] == names

    def test_orphans_began_and_never_ended(self, stats, story):
        """In whatever order the lines stand."""
        assert stats()["orphans"] == [{"family": "task", "id": "t-3", "since": "2026-02-14T19:01:24.300000000Z"}]

    def test_a_closing_may_stand_before_its_opening(self, stats, ledger, event):
        """Several programs write to one file."""
        ledger(
            event("task.completed", 1, task_id="a"),
            event("task.started", 0, task_id="a"),
            event("cycle.start", cycle=1),
        )

        assert [orphan["family"] for orphan in stats()["orphans"]] == ["cycle"]

    def test_the_text_says_it_all(self, invoke, story):
        """For people."""
        out = invoke("stats").out

        assert "11 events in 1.40 s" in out
        assert "task t-3, since" in out
        assert "1 began and never ended" in out

    def test_delay_is_from_event_to_record(self, stats, ledger, event):
        """Of those that say when they were recorded."""
        path = ledger(event("a.b"), event("a.b", observed=1_771_095_685 * 10**9))

        assert stats(path)["delay_seconds"]["max"] == 2.0

    def test_a_delay_that_nobody_measured_is_not_shown(self, invoke, ledger, event):
        """Where one clock, read once, gave both times there is no line of zeros; else there is one."""
        ledger(event("a.b"), event("a.b", 1))
        without = invoke("stats").out
        ledger(event("a.b"), event("a.b", observed=1_771_095_685 * 10**9))

        assert "delay " not in without
        assert "max 2.00 s" in invoke("stats").out

    def test_nothing_is_an_answer_too(self, invoke, ledger):
        """A ledger without events."""
        ledger()

        assert invoke("stats").out == "no events\n"

    def test_spans_are_counted_apart(self, stats, tmp_path):
        """They are no events, and their failures are told by events."""
        span = {"name": "draft", "startTimeUnixNano": "1", "endTimeUnixNano": "500000001", "status": {"code": 2}}
        line = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
        (tmp_path / "traces.jsonl").write_text(json.dumps(line) + "\n")

        found = stats("traces.jsonl")

        assert (found["events"], found["spans"], found["failures"]) == (0, 1, 0)
        assert found["groups"][0]["name"] == "draft (span)"


class TestWriters:
    def test_holes_and_unclean_ends_are_named(self, stats, story):
        """Number 11 is missing, and the writer never said that it stopped."""
        (writer,) = stats()["writers"]

        assert (writer["missing"], writer["unexplained"], writer["end"]) == (1, 1, "unclean")
        assert (writer["first_number"], writer["last_number"], writer["service"]) == (1, 12, "orchestrator")

    def test_what_a_writer_says_it_dropped_is_explained(self, stats, ledger, event):
        """A filter and a roll-up are no losses."""
        ledger(
            writer_event(event, "started", 1, pid=7),
            event("a.b", 1, number=5, **{"otel_events.summary.count": 2}),
            writer_event(event, "stopped", 9, dropped={"filtered": 3}, last_sequence=9),
        )

        (writer,) = stats()["writers"]

        assert (writer["missing"], writer["explained"], writer["unexplained"]) == (6, 4, 2)
        assert (writer["end"], writer["pid"]) == ("stopped", 7)

    def test_a_lost_end_shows(self, stats, ledger, event):
        """The writer said how far it had come."""
        ledger(
            writer_event(event, "started", 1),
            event("a.b", number=2),
            writer_event(event, "stopped", 4, last_sequence=6),
        )

        assert stats()["writers"][0]["missing"] == 3

    def test_an_event_that_came_twice_counts_once(self, stats, story, tmp_path):
        """The ledger and the Collector's file may both have it."""
        (tmp_path / "copy.jsonl").write_bytes(story.read_bytes())

        found = stats("ledger.jsonl", "copy.jsonl")

        assert (found["events"], found["duplicates"]) == (11, 11)

    def test_numbers_of_others_do_no_harm(self, stats, ledger, event):
        """A uid may be anything."""
        events = [event("a.b", number=1), event("a.b", number=1 << 62), event("a.b"), event("a.b")]
        events[2].uid, events[3].uid = "not-one", "-5"
        ledger(*events)

        assert stats()["events"] == 4

    def test_a_part_of_the_events_tells_no_gaps(self, invoke, story):
        """What was filtered away is not missing."""
        assert "not told" in invoke("stats", "task.*").out


class TestCoverage:
    def test_types_seen_of_types_defined(self, stats, story):
        """The catalogue's own names, and those that nobody has defined."""
        coverage = stats()["coverage"]

        assert {"task.started", "evidence.added", "alert.triggered"} <= set(coverage["seen"])
        assert "task.cancelled" in coverage["missing"]

    def test_the_target_sets_the_exit_code(self, invoke, story):
        """For scripts."""
        assert invoke("stats", "--target", "1").code == exit_codes.OK
        answer = invoke("stats", "--target", "95")
        assert answer.code == exit_codes.NO
        assert "below the target of 95 %" in answer.err

    def test_a_registry_of_ones_own_can_be_covered(self, process, ledger, event, tmp_path):
        """Those of its types that were seen; nothing is defined in a process of its own but what is there."""
        (tmp_path / "registry").mkdir()
        entry = "  - name: {}\n    brief: It happened.\n    stability: development\n"
        text = "file_format: definition/2\nevents:\n" + entry.format("parcel.sent") + entry.format("parcel.lost")
        (tmp_path / "registry" / "parcels.yaml").write_text(text)
        ledger(event("parcel.sent"))

        coverage = json.loads(process("stats", "--catalog", "registry", "--json").stdout)["coverage"]

        assert (coverage["seen"], coverage["missing"], coverage["percent"]) == (["parcel.sent"], ["parcel.lost"], 50.0)

    def test_what_a_program_defines_is_known_when_its_module_is_named(self, process, ledger, event, tmp_path):
        """Else it is unknown, and the text says how to have it known."""
        (tmp_path / "shop.py").write_text(
            "import otel_events as ev\n\n"
            "@ev.define('order.placed', brief='A customer placed an order.')\nclass OrderPlaced:\n    order_id: str\n"
        )
        ledger(event("order.placed"))

        plain, known = process("stats"), process("stats", "--module", "shop")
        asked = process("catalog", "coverage")

        assert "unknown    order.placed\n" in plain.stdout
        assert "--module NAME" in plain.stdout
        assert "--module NAME" in asked.stdout
        assert "unknown" not in known.stdout
        assert "coverage   1 of 1 types of the catalogue (100.0 %)" in known.stdout


class TestQuantiles:
    def test_they_are_right_to_one_percent(self):
        """Over many sizes; the greatest exactly."""
        values = [1.01**step * 1e-6 for step in range(2_000)]
        quantiles = Quantiles()
        for value in values:
            quantiles.add(value)

        for share in (0.01, 0.5, 0.95, 0.999):
            assert quantiles.quantile(share) == pytest.approx(values[int(share * 2_000) - 1], rel=0.011)
        assert quantiles.summary()["max"] == values[-1]

    def test_they_are_no_less_than_the_least(self):
        """Nor more than the greatest: what is alone is told as it is."""
        for value in (4.19, 0.3, 1e-12, 7200.0):
            quantiles = Quantiles()
            quantiles.add(value)

            assert quantiles.summary() == {"count": 1, "p50": value, "p95": value, "max": value}

    def test_odd_values_are_zero(self):
        """Negative, infinite, none."""
        quantiles = Quantiles()
        assert quantiles.quantile(0.5) is None
        for value in (-1.0, float("nan"), float("inf"), 0.0):
            quantiles.add(value)

        assert quantiles.summary() == {"count": 4, "p50": 0.0, "p95": 0.0, "max": 0.0}


class TestErrors:
    def test_errors_that_say_the_same_are_one_group(self, invoke, ledger, event):
        """Whatever numbers are in them."""
        for_each = {"severity": Severity.ERROR, "exception.type": "ValueError"}
        ledger(
            *[
                event("task.failed", step, **for_each, **{"exception.message": f"bad value {step}"})
                for step in range(5)
            ],
            event("task.failed", 9, severity=Severity.ERROR, **{"exception.type": "OSError"}),
            event("task.completed", 10),
        )

        groups = json.loads(invoke("errors", "--json").out)

        assert [(group["count"], group["kind"]) for group in groups] == [(5, "ValueError"), (1, "OSError")]
        assert (groups[0]["message"], groups[0]["first"][11:19], groups[0]["last"][11:19]) == (
            "bad value 4",
            "19:01:23",
            "19:01:27",
        )
        assert sum(groups[0]["trend"]) == 5
        assert groups[1]["trend"][-1] == 1

    def test_without_an_exception_the_reason_says_what_failed(self, invoke, ledger, event):
        """And tells failures apart, whatever numbers are in it; an exception's message comes before it."""
        failed = {"severity": Severity.ERROR, "message": "Task failed", "error.type": "_OTHER"}
        ledger(
            event("task.failed", 0, **failed, reason="card 17 refused"),
            event("task.failed", 1, **failed, reason="card 18 refused"),
            event("task.failed", 2, **failed, reason="no source found"),
            event("task.failed", 3, **failed, **{"exception.type": "E", "exception.message": "x"}, reason="one"),
            event("task.failed", 4, **failed, **{"exception.type": "E", "exception.message": "x"}, reason="two"),
            event("task.failed", 5, **failed, reason=""),
            event("alert.triggered", 6, message="Proxy away", severity=Severity.ERROR, reason="no answer"),
        )

        groups = json.loads(invoke("errors", "--json").out)

        assert sorted((group["message"], group["count"]) for group in groups) == [
            ("Proxy away: no answer", 1),
            ("Task failed", 1),
            ("card 18 refused", 2),
            ("no source found", 1),
            ("x", 2),
        ]
        assert "task.failed _OTHER  card 18 refused\n" in invoke("errors").out

    def test_what_failed_is_an_error_whatever_its_severity(self, invoke, ledger, event):
        """Hand-written lines have none."""
        ledger(event("task.failed"), event("x.y", **{"exception.type": "E"}), event("a.b"))

        assert "2 errors in 2 groups" in invoke("errors").out

    def test_no_errors_are_good_news(self, invoke, ledger, event):
        """And no error."""
        ledger(event("a.b"))

        assert (invoke("errors").code, invoke("errors").out) == (0, "no errors\n")

    def test_an_error_says_where_it_was_raised_or_logged(self, invoke, ledger, event):
        """The innermost frame, else the place of the log call; and the logger."""
        stack = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\n  File "b.py", line 22, in g\nValueError: x'
        ledger(
            event("task.failed", severity=Severity.ERROR, **{"exception.stacktrace": stack}),
            event("", 1, message="gone", severity=Severity.ERROR, **{"code.file.path": "c.py", "code.line.number": 3}),
        )

        said = invoke("errors").out

        assert "at b.py:22 in g\n" in said
        assert "at c.py:3\n" in said

    def test_the_stack_is_shown_when_asked_for(self, invoke, ledger, event):
        """Of the latest of each group, with its indentation."""
        stack = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: x'
        ledger(event("task.failed", severity=Severity.ERROR, **{"exception.stacktrace": stack}))

        assert '           File "a.py", line 1, in f\n' in invoke("errors", "--stack").out


@pytest.mark.slow
def test_what_deduplication_held_back_is_counted(invoke, tmp_path):
    """Equal errors of a storm are one group with all of them, though the file has the first and a summary."""
    ledger = tmp_path / "storm.jsonl"
    program = f"""
import logging
import otel_events as ev
ev.configure(ledger={str(ledger)!r})
ev.setup_logging(script=__file__)
for number in range(50): logging.error("cannot reach db %d", number)
for _ in range(3): ev.emit("error", "boom")
ev.flush()
"""
    run_program(program, tmp_path)
    groups = json.loads(invoke("errors", "--json", ledger).out)
    counts = {group["message"].split(" (")[0]: group["count"] for group in groups}

    assert sorted(group["count"] for group in groups) == [3, 50], counts
    assert "failures   53" in invoke("stats", ledger).out


def test_a_failed_task_with_its_span_is_one_failure(invoke, ledger, event, tmp_path):
    """In the total and in every group."""
    ledger(event("task.failed", 1, severity=Severity.ERROR, persona="thesis"), name="events.jsonl")
    persona = [{"key": "persona", "value": {"stringValue": "thesis"}}]
    span = {"name": "draft", "startTimeUnixNano": "1", "status": {"code": 2}, "attributes": persona}
    (tmp_path / "traces.jsonl").write_text(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n")

    told = json.loads(invoke("stats", "--by", "persona", "--json", "events.jsonl", "traces.jsonl").out)

    assert (told["failures"], [group["failures"] for group in told["groups"]]) == (1, [1])
