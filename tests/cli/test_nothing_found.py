"""Where nothing is found, standard error says what was looked at and what is likely to be wrong with the question."""

from __future__ import annotations

import io
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["task.faild"], "did you mean 'task.failed'"),
        (["cycle.aborted_*"], "No event is called 'cycle.aborted_*', neither there nor in the catalogue"),
        (["alert.resolved"], "No event there is called 'alert.resolved', though the catalogue has it."),
        (["persna=thesis"], "Nothing there has an attribute 'persna': did you mean 'persona'"),
        (["severity=info or severity=warn"], "'or' was taken for the name of an event: a comma means or"),
        (["--since", "2026-02-15T00:00:00Z"], "All of it is earlier than --since, 2026-02-15"),
        (["--until", "2026-02-13T00:00:00Z"], "All of it is later than --until, 2026-02-13"),
    ],
)
def test_a_question_that_nothing_fits_gets_a_hint(invoke, story, arguments, said):
    """On standard error alone, with the number of records, of files, and their time; the exit code stays 0."""
    answer = invoke("query", *arguments)

    assert (answer.code, answer.out) == (0, "")
    assert "Nothing found among 11 records in 1 file, 2026-02-14 " in answer.err
    assert said in answer.err


def test_the_name_of_a_folder_without_a_slash_is_a_filter_and_the_hint_says_so(invoke, story, tmp_path):
    """Whether there are events elsewhere or none at all."""
    (tmp_path / "logs").mkdir()

    assert "the folder of that name is read as ./logs" in invoke("stats", "logs").err
    story.unlink()
    answer = invoke("stats", "logs")
    assert answer.code == 3
    assert "the folder of that name is read as ./logs" in answer.err


def test_files_without_events_are_told_from_events_that_do_not_fit(invoke, tmp_path):
    """An empty file is no answer to a filter."""
    (tmp_path / "empty.jsonl").write_text("")

    answer = invoke("stats", "empty.jsonl")

    assert (answer.code, answer.out) == (0, "no events\n")
    assert "There are no events in 1 file." in answer.err


def test_a_span_of_time_the_wrong_way_round_is_a_mistake_of_the_command_line(invoke, story):
    """It can fit nothing."""
    answer = invoke("query", "--since", "10m", "--until", "1h")

    assert answer.code == 2
    assert "--since 10m is not earlier than --until 1h" in answer.err


@pytest.mark.parametrize("command", [("tail",), ("query",), ("stats",), ("errors",)])
def test_every_command_that_reads_says_so(invoke, story, command):
    """Not only query."""
    assert "did you mean 'task.failed'" in invoke(*command, "task.faild").err


def test_what_came_from_a_pipe_is_not_read_twice(invoke, story, monkeypatch):
    """It is gone: the number is told all the same."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(story.read_bytes())))

    assert "Nothing found among 11 records in standard input." in invoke("query", "-", "task.faild").err


def test_what_writers_say_of_themselves_is_shown_when_asked_for(invoke, ledger, event):
    """By query, tail and stats alike: with --all, or by a filter that names it; gaps are told in any case."""
    started = event("otel_events.writer.started", number=1, pid=7)
    ledger(started, event("a.b", 1, number=2))

    for command in ("query", "tail"):
        assert "writer.started" not in invoke(command).out
        assert "writer.started" in invoke(command, "--all").out
        assert "writer.started" in invoke(command, "otel_events.*").out
    assert invoke("stats").out.startswith("1 event ")
    assert "writer.started" not in invoke("stats").out
    assert "writers    1" in invoke("stats").out
    assert invoke("stats", "--all").out.startswith("2 events ")
    assert "otel_events.writer.started" in invoke("stats", "otel_events.*").out


def test_a_file_of_nothing_but_writers_words_says_what_is_there(invoke, ledger, event):
    """It is not empty, and --all shows it."""
    ledger(event("otel_events.writer.started", number=1))

    assert "They are all what writers say of themselves; --all shows those." in invoke("query").err
    assert "--all shows those" in invoke("stats").err


def test_a_field_that_no_record_has_is_told(invoke, story):
    """Its column is empty, or the order is none: on standard error it says what may have been meant."""
    assert "Nothing there has 'tsk_id': did you mean 'task_id'" in invoke("query", "--fields", "time,tsk_id").err
    assert "Nothing there has 'qualty'" in invoke("query", "--sort", "-qualty", "-n", "1").err
    assert "Nothing there has 'persna': did you mean 'persona'" in invoke("stats", "--by", "persna").err
    assert invoke("query", "--fields", "time,quality", "--sort", "task_id").err == ""


def test_a_time_that_is_compared_as_a_text_is_told(invoke, story):
    """Durations are numbers of seconds."""
    assert "times are compared by >, >=, < and <=" in invoke("query", "duration=50ms").err
