"""`query`: what is found, in which order and form."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tracemalloc

import pytest

from otel_events.cli import exit_codes
from otel_events.reading.analysis.writers import Writers
from otel_events.reading.record import Record


def test_a_table_has_the_columns_that_say_something(invoke, story):
    """Under headings; without columns that are empty throughout."""
    answer = invoke("query", "persona=thesis", "evidence.*")

    heading, row = answer.out.splitlines()
    assert heading.split() == ["time", "severity", "event", "persona", "task_id", "attributes"]
    assert row.split()[2:] == ["INFO", "evidence.added", "thesis", "t-2", "quality=0.9"]


def test_of_a_stack_a_table_shows_the_last_line(invoke, ledger, event, rows):
    """In its own column and among the attributes; JSON has it whole."""
    stack = 'Traceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: bad value\n'
    path = ledger(event("task.failed", 0, **{"exception.stacktrace": stack}))

    among, alone = (
        invoke("query", path, *more).out.splitlines()[1] for more in ((), ("--fields", "exception.stacktrace"))
    )

    assert among.endswith('exception.stacktrace="… ValueError: bad value"')
    assert alone == "… ValueError: bad value"
    [row] = rows(invoke("query", path, "--json").out)
    assert row["attributes"]["exception.stacktrace"] == stack


def test_filter_words_and_files_may_be_mixed(invoke, story, rows):
    """Words with a slash or a suffix of a file of events are files, the others are one filter."""
    answer = invoke("query", "task.*", "severity>=error", "./ledger.jsonl", "--json")

    assert [row["event"] for row in rows(answer.out)] == ["task.failed"]


def test_a_filter_may_begin_with_a_minus(invoke, story, rows):
    """It is an exclusion, not an option."""
    answer = invoke("query", "-task.*, -*.start, -*.end", "--fields", "event", "--json")

    assert rows(answer.out) == [{"event": "evidence.added"}, {"event": "alert.triggered"}]


def test_json_lines_are_those_of_the_ledger(invoke, story):
    """Byte by byte."""
    lines = story.read_text().splitlines()

    assert invoke("query", "--json").out.splitlines() == lines[1:]


def test_fields_are_attributes_and_facts(invoke, story, rows):
    """Of either kind, by name; what an event has not is null."""
    answer = invoke("query", "task.failed", "--json", "--fields", "time,task_id,duration,exception.message,nothing")

    assert rows(answer.out) == [
        {
            "time": "2026-02-14T19:01:24.000000000Z", "task_id": "t-1", "duration": 0.8,
            "exception.message": "bad value 17", "nothing": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "ids"),
    [("-time", ["t-3", "t-2", "t-1"]), ("task_id", ["t-1", "t-2", "t-3"]), ("-task_id", ["t-3", "t-2", "t-1"])],
)
def test_sorting_and_limit(sort, ids, invoke, story, rows):
    """By any field, either way round; a limit takes the first of them."""
    for limit in (3, 2, 0):
        answer = invoke("query", "task.started", "--sort", sort, "--limit", limit, "--json")
        assert [row["task_id"] for row in rows(answer.out)] == ids[:limit]


def test_values_of_several_kinds_can_be_sorted(invoke, ledger, event, rows):
    """Numbers, then texts; what is missing comes last."""
    ledger(
        *[event("a.b", number, value=value) for number, value in enumerate(["b", 3, None, "a", 1.5, True])],
        event("a.b"),
    )

    answer = invoke("query", "--sort", "value", "--fields", "value", "--json")

    assert [row["value"] for row in rows(answer.out)] == [True, 1.5, 3, "a", "b", None, None]


def test_what_several_files_hold_is_merged_and_shown_once(invoke, ledger, event, rows):
    """`--sort time` merges; by the uid, which is told, and `--no-unique` shows all."""
    both = event("a.both", 2, number=2)
    one = ledger(event("a.last", 3, number=3), both, name="one.jsonl")
    two = ledger(event("a.first", 1, number=1), both, name="two.jsonl")

    merged = rows(invoke("query", "--json", "--sort", "time", "--no-unique", str(one), str(two)).out)
    answer = invoke("query", "--json", "--sort", "time", str(one), str(two))
    unique = rows(answer.out)

    assert [each["event"] for each in merged] == ["a.first", "a.both", "a.both", "a.last"]
    assert [each["event"] for each in unique] == ["a.first", "a.both", "a.last"]
    assert answer.err == "1 record that had been read before left out (--no-unique shows them)\n"


def test_csv_is_read_back(invoke, story):
    """By any reader of CSV; the attributes as JSON."""
    answer = invoke("query", "task.failed", "--format", "csv")

    (row,) = csv.DictReader(io.StringIO(answer.out))
    assert (row["event"], row["severity"], row["task_id"]) == ("task.failed", "ERROR", "t-1")
    assert json.loads(row["attributes"])["exception.type"] == "ValueError"


def test_since_and_until(invoke, story, rows):
    """As instants, and as times ago."""
    answer = invoke("query", "--since", "2026-02-14T19:01:24Z", "--until", "2026-02-14T19:01:24.25Z", "--json")

    assert [row["event"] for row in rows(answer.out)] == ["task.failed", "thesis.end", "cycle.end"]
    assert invoke("query", "--since", "10m", "--until", "now").out == ""


def test_text_is_found_wherever_it_stands(invoke, story, rows):
    """In names, messages, values; whatever the case of its letters."""
    assert [row["event"] for row in rows(invoke("query", '"PROXY PORT"', "--json").out)] == ["alert.triggered"]
    assert [row["event"] for row in rows(invoke("query", '"bad value"', "--json").out)] == ["task.failed"]


def test_what_was_passed_over_is_told_beside_the_answer(invoke, story):
    """On standard error, with the reasons."""
    story.write_bytes(story.read_bytes() + b'nonsense\n{"time":"2026-')

    answer = invoke("query", "--json")

    assert len(answer.out.splitlines()) == 11
    assert answer.err == "Passed over 2 lines (1 torn, 1 malformed).\n"


def test_a_file_that_is_damaged_shows_in_the_exit_code(invoke, story, tmp_path):
    """What could be read is answered all the same."""
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(story.read_bytes())[:-20])

    answer = invoke("query", "--json", "ledger.jsonl", "cut.jsonl.gz")

    assert len(answer.out.splitlines()) >= 11
    assert answer.code == exit_codes.INPUT
    assert "cut.jsonl.gz cannot be read to its end" in answer.err


def test_a_missing_extra_is_named(invoke, story, monkeypatch):
    """With what to install."""
    monkeypatch.setitem(sys.modules, "duckdb", None)

    answer = invoke("query", "--sql", "SELECT 1")

    assert (answer.code, "install otel-events[sql]" in answer.err) == (exit_codes.INPUT, True)


class TestSql:
    @pytest.fixture(autouse=True)
    def _duckdb(self):
        pytest.importorskip("duckdb")

    def test_a_question_is_answered(self, invoke, story, rows):
        """Over what fits the filter, in every form."""
        question = (
            "SELECT persona, count(*) AS n, max(duration) AS longest FROM events WHERE persona IS NOT NULL GROUP BY 1"
        )

        assert rows(invoke("query", "task.*", "--sql", question, "--json").out) == [
            {"persona": "thesis", "n": 4, "longest": 0.8}
        ]
        assert (
            invoke("query", "task.*", "--sql", question, "--format", "csv").out == "persona,n,longest\nthesis,4,0.8\n"
        )

    def test_attributes_are_json(self, invoke, story, rows):
        """Asked for by name."""
        question = "SELECT CAST(attributes->>'quality' AS DOUBLE) AS q FROM events WHERE event = 'evidence.added'"

        assert rows(invoke("query", "--sql", question, "--json").out) == [{"q": 0.9}]

    def test_times_are_timestamps(self, invoke, story, rows):
        """To the nanosecond, in UTC."""
        question = "SELECT max(time) - min(time) > INTERVAL 1 SECOND AS longer FROM events"

        assert rows(invoke("query", "--sql", question, "--json").out) == [{"longer": True}]

    def test_a_wrong_question_is_explained(self, invoke, story):
        """By DuckDB, without a traceback."""
        answer = invoke("query", "--sql", "SELECT nothing FROM events")

        assert answer.code == exit_codes.INPUT
        assert "nothing" in answer.err

    def test_parquet_is_read_back(self, invoke, story, tmp_path):
        """By DuckDB itself."""
        import duckdb

        assert invoke("query", "--format", "parquet", "-o", "out.parquet").code == 0
        with duckdb.connect() as connection:
            count = connection.execute(f"SELECT count(*) FROM '{tmp_path / 'out.parquet'}'").fetchone()
        assert count == (11,)

    def test_parquet_needs_a_file(self, invoke, story):
        """It is nothing for a terminal."""
        assert invoke("query", "--format", "parquet").code == exit_codes.USAGE


def test_durations_are_shown_with_their_unit_and_asked_for_with_it(invoke, story):
    """In a column of their own and among the attributes; machines get seconds."""
    assert "200 ms" in invoke("query", "task.completed", "--fields", "event,duration").out
    assert "duration=200ms" in invoke("query", "task.completed").out
    assert invoke("query", "duration>500ms", "--fields", "event", "-f", "csv").out.split() == [
        "event", "task.failed", "thesis.end", "cycle.end",
    ]  # fmt: skip
    assert invoke("query", "task.completed", "--fields", "duration", "-f", "csv").out.split() == ["duration", "0.2"]


def test_the_durations_of_older_files_are_asked_for_alike(invoke, ledger, event):
    """They say `duration_ms`."""
    ledger(event("task.completed", 1, duration_ms=250), event("task.completed", 2, duration_ms=20))

    assert invoke("query", "duration>50ms", "--fields", "duration", "-f", "csv").out == "duration\n0.25\n"


def test_many_short_programs_take_little_memory():
    """Each is a writer of its own: those that a script calls again and again say three things each."""
    records = (
        Record("seed.planted", 1, 9, {}, {"uid": f"{writer:016x}-{number:x}", "service": "s"})
        for writer in range(5_000)
        for number in (1, 2, 3, 3)
    )
    writers = Writers()

    tracemalloc.start()
    kept = sum(map(writers.add, records))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (kept, writers.duplicates) == (15_000, 5_000)
    assert most < 5_000 * 1_000
