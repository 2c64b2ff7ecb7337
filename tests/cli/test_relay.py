"""`relay`: what programs say in ledgers and pipes arrives as events of the catalogue."""

import json

import pytest

from tests.cli.relays import FLAT, lines
from tests.program import ledger_events, run_program

pytestmark = pytest.mark.slow


# -- what events become ----------------------------------------------------------------------------------------------


def test_flat_lines_are_events_of_the_catalogue(process, tmp_path):
    """Names, severities and texts are the catalogue's; time, task and values those of the line; secrets are gone."""
    (tmp_path / "old.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    ran = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once", "--service", "pipeline")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == "4 events accepted by new.jsonl\n"
    said = ledger_events(tmp_path / "new.jsonl")
    assert [(one["event"], one["severity"], one["message"], one["time"]) for one in said] == [
        ("task.started", "INFO", "Task started", "2026-02-14T19:01:23.456000000Z"),
        ("eval", "INFO", "Evaluated", "2026-02-14T19:01:23.500000000Z"),
        ("alert.triggered", "FATAL", "Down", "2026-02-14T19:01:24.500000000Z"),
        ("health.check", "INFO", said[3]["message"], "2026-02-14T19:01:25.500000000Z"),
    ]
    assert (said[0]["task_id"], said[0]["given_name"], said[0]["attributes"]) == (
        "demo-001",
        "task_started",
        {"goal": "x"},
    )
    assert said[3]["attributes"] == {"api_key": "<REDACTED:key>"}
    assert {one["service"] for one in said} == {"pipeline"}


def test_what_is_no_event_is_counted(process, tmp_path):
    """Torn, foreign and empty lines are passed over, and told."""
    text = lines(FLAT[0]) + "no json\n\n[1, 2]\n" + lines(FLAT[1]) + '{"event": "tor'
    (tmp_path / "old.jsonl").write_text(text, encoding="utf-8")

    ran = process("relay", "--from", "ledger", "old.jsonl", "--to", "new.jsonl", "--once", "--json")

    said = json.loads(ran.stdout)
    assert (said["messages"], said["accepted"], said["unreadable"], said["failure"]) == (5, 2, 3, "")


def test_input_that_holds_no_event_at_all_is_a_failure(process, tmp_path):
    """It is told what the lines were and what one must look like; exit code 1."""
    ran = process("relay", "--from", "stdin", "--to", "new.jsonl", given='hello\n{"name": "a.b"}\n')
    mixed = process("relay", "--from", "stdin", "--to", "new.jsonl", given='hello\n{"event": "a.b"}\n')

    assert (ran.returncode, mixed.returncode) == (1, 0)
    assert "0 events of 2 messages accepted" in ran.stdout
    assert '2 passed over: 1 no JSON, 1 no event; an event is {"event": "its.name", ...} on one line' in ran.stdout
    assert "1 passed over: 1 no JSON;" in mixed.stdout


def test_a_pipe_is_known_again_by_its_uids(process, tmp_path):
    """The same input sent twice has the same uids, by which receivers know it."""
    for _ in range(2):
        ran = process("relay", "--from", "stdin", "--to", "new.jsonl", given=lines(*FLAT))
        assert ran.returncode == 0, ran.stderr

    uids = [one["uid"] for one in ledger_events(tmp_path / "new.jsonl")]
    assert len(uids) == 8
    assert uids[:4] == uids[4:]
    assert len(set(uids)) == 4


def test_lines_without_a_time_are_never_taken_for_others(process, tmp_path):
    """Two inputs may begin with the same words: without a time in them they are two events."""
    for _ in range(2):
        process("relay", "--from", "stdin", "--to", "new.jsonl", given='{"event": "eval"}\n')

    assert len({one["uid"] for one in ledger_events(tmp_path / "new.jsonl")}) == 2


def test_a_ledger_of_ours_stays_as_it_is(process, tmp_path):
    """Uid, trace, time, resource and attributes of our own lines are those of the program, in a second run too."""
    source = """
        ev.configure(service_name="orchestrator", ledger=sys.argv[1], resource_attributes={"team": "a"})
        for number in range(3):
            ev.emit("evidence.added", number=number)
        with ev.task("draft", task_id="t-1"):
            pass
    """
    run_program(source, tmp_path, str(tmp_path / "own.jsonl"))
    first = process("relay", "--from", "ledger", "own.jsonl", "--to", "new.jsonl", "--once")
    run_program(source, tmp_path, str(tmp_path / "own.jsonl"))
    process("relay", "--from", "ledger", "own.jsonl", "--to", "new.jsonl", "--once")

    assert first.returncode == 0, first.stderr
    told = [ledger_events(tmp_path / name, with_own=True) for name in ("own.jsonl", "new.jsonl")]
    for line in told[1]:
        assert line.pop("origin")["attributes"]["team"] == "a"
    assert told[1] == told[0]


def test_a_time_that_cannot_be_costs_no_event(process, tmp_path):
    """Milliseconds for seconds, times before 1970 and beyond all years: the event happened when it came, in either form."""
    times = ("1771095683500", "-5", "1e20", "1e300", '"9999-12-31T23:59:59Z"', "NaN", "[]")
    text = "".join(
        f'{{"event": "eval", "ts": {each}}}\n{{"type": "observe", "ts": {each}, "data": {{}}}}\n' for each in times
    )

    ran = process("relay", "--from", "stdin", "--to", "new.jsonl", given=text + lines(FLAT[1]))

    assert (ran.returncode, ran.stdout) == (0, "15 events accepted by new.jsonl\n"), ran.stderr
    *told, last = ledger_events(tmp_path / "new.jsonl")
    assert [one["event"] for one in told] == ["eval", "observe"] * 7
    assert all(one["unix"] > last["unix"] for one in told)


# -- the command line ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--from", "stdin", "file"], "FILE is for --from ledger"),
        (["--from", "ledger", "--url", "redis://h"], "--url is for --from redis or nats"),
        (["--from", "redis", "--subject", "a"], "--subject is for --from nats"),
        (["--from", "nats"], "--subject"),
        (["--from", "nats", "--subject", "a.>", "--once"], "--once needs --stream"),
        (["--from", "redis", "--url", "http://user:pw@h"], "must begin with redis://"),
        (["--from", "ledger", "own.jsonl", "--to", "own.jsonl"], "would grow for ever"),
    ],
)
def test_options_that_do_not_fit_are_told(process, tmp_path, arguments, word):
    """A mistake in the options is an exit code of 2 and a sentence."""
    (tmp_path / "own.jsonl").write_text(lines(*FLAT), encoding="utf-8")
    ran = process("relay", *arguments)

    assert (ran.returncode, word in ran.stderr) == (2, True), ran.stderr
    assert "pw" not in ran.stderr


def test_a_file_that_is_not_there_is_told(process):
    """A pass over a file that does not exist ends with exit code 3."""
    ran = process("relay", "--from", "ledger", "none.jsonl", "--to", "new.jsonl", "--once")

    assert (ran.returncode, "does not exist" in ran.stderr) == (3, True)
