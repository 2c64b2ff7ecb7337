"""`migrate verify`: what a parallel run wrote, compared field by field."""

import gzip
import itertools
import json
import random

import pytest

from otel_events.cli import exit_codes
from otel_events.migrating.pairing import Pairing
from otel_events.migrating.said import Said

BEGIN = 1_771_095_683


def flat(name="eval", second=0.0, **fields):
    """A line of system A."""
    return {"event": name, **fields, "ts": BEGIN + second}


def ours(name="eval", second=0.0, **fields):
    """A line of the ledger."""
    at = f"2026-02-14T19:{1 + int(23 + second) // 60:02d}:{int(23 + second) % 60:02d}.{round(second % 1 * 1000):03d}000000Z"
    beside = {key: fields.pop(key) for key in ("task_id", "session_id", "cycle", "day") if key in fields}
    severity, message = fields.pop("severity", "INFO"), fields.pop("message", None)
    line = {"time": at, "unix": BEGIN + second, "event": name, "severity": severity, "message": message}
    return {**line, **beside, "uid": f"0f3a-{second}", "service": "s", "attributes": fields}


@pytest.fixture
def verify(migrate, tmp_path):
    """Write lines to two files and compare them."""

    def call(old, new, *options):
        for name, lines in (("old.jsonl", old), ("new.jsonl", new)):
            (tmp_path / name).write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        return migrate("verify", "old.jsonl", "new.jsonl", *options)

    return call


@pytest.fixture
def compared(verify):
    """The same, as JSON."""
    return lambda old, new, *options: json.loads(verify(old, new, "--json", *options).out)


def counts(answer):
    return tuple(answer[kind] for kind in ("same", "different", "missing", "extra"))


OLD = [flat("task_started", 0, task_id="t-1", goal="g"), flat("eval", 1, task_id="t-1", quality=0.85)]


def test_equal_files_are_told_in_one_line(verify):
    """Times may differ a little, names in their spelling; what only our lines have is no difference."""
    new = [ours("task.started", 0.4, task_id="t-1", goal="g"), ours("eval", 1.2, task_id="t-1", quality=0.85)]

    answer = verify(OLD, new)

    assert (answer.code, answer.err) == (exit_codes.OK, "")
    assert answer.out == "2 old events, 2 new: 2 same, 0 different, 0 missing, 0 extra\n"


def test_what_is_missing_extra_or_different_is_told_with_examples(verify):
    """Counted by event and by field."""
    new = [ours("eval", 1, task_id="t-1", quality=0.5, note="n"), ours("replan", 2)]

    answer = verify(OLD, new)

    assert answer.code == exit_codes.NO
    assert (
        answer.out
        == """\
2 old events, 2 new: 0 same, 1 different, 1 missing, 1 extra

event         different  missing  extra
eval                  1
replan                            1
task.started                   1

field    different  extra
note                1
quality          1

missing: task.started 2026-02-14T19:01:23.000000000Z
  task_id: t-1
  goal: g

different: eval 2026-02-14T19:01:24.000000000Z
  quality: old 0.85, new 0.5
  note: old has none, new n

extra: replan 2026-02-14T19:01:25.000000000Z
  severity: INFO
"""
    )


def test_scripts_read_it_as_json(compared):
    """Everything the text says, and more."""
    answer = compared(OLD, [ours("eval", 1, task_id="t-1", quality=0.5)])

    assert (answer["equal"], answer["old"], answer["new"], counts(answer)) == (False, 2, 1, (0, 1, 1, 0))
    assert answer["names"]["eval"] == {"same": 0, "different": 1, "missing": 0, "extra": 0}
    assert answer["fields"]["quality"] == {"different": 1, "missing": 0, "extra": 0, "redacted": 0}
    assert answer["examples"][1]["fields"] == {"quality": {"old": 0.85, "new": 0.5}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (flat(quality=1), ours(quality=1.0)),
        (flat(persona_id="gitko"), ours(persona="gitko")),
        (
            flat("alert_triggered", severity="warning", message="m"),
            ours("alert.triggered", severity="WARN", message="m"),
        ),
        (flat("second_pass"), ours("correction.second_pass", message="Second pass")),
        (flat(session_id="s"), ours(session_id="s", **{"session.id": "s"})),
        (flat(tags=[1, {"a": 2.0}]), ours(tags=[1.0, {"a": 2}])),
        (flat(score=float("nan")), ours(score={"doubleValue": "NaN"})),
        (
            {"type": "cycle.end", "ts": "2026-02-14T19:01:23.000Z", "cycle": 4, "day": 2, "data": {"duration_ms": 12}},
            ours("cycle.end", cycle=4, day=2, duration_ms=12),
        ),
        (
            {"type": "sense", "ts": "2026-02-14T19:01:23.000Z", "cycle": 0, "day": 0, "data": {}},
            ours("sense.project"),
        ),
        (
            {
                "topic": "egos.llm.logs",
                "timestamp": "2026-02-14T19:01:23Z",
                "model": "m",
                "trace_id": "x",
                "prompt": "p",
            },
            ours("llm.interaction", model="m", prompt="p"),
        ),
        (
            {"timestamp": "2026-02-14T19:01:23Z", "id": 1, "type": "test", "status": "done", "file_path": "C:\\a"},
            ours("sparc.task", id=1, type="test", status="done", file_path="C:\\a"),
        ),
        (
            {"timestamp": "19:01:23", "event_type": "SEED_PRUNED", "env_id": 3, "message": "Pruned", "episode": 1}
            | {"metadata": {"slot_id": "r0c1"}, "relative_time": "(2s ago)"},
            ours("seed.pruned", env_id=3, episode=1, slot_id="r0c1"),
        ),
    ],
    ids=[
        *("number", "persona", "severity", "default message", "session.id", "nested", "NaN"),
        *("B", "B without a cycle", "C by topic", "C by shape", "D"),
    ],
)
def test_what_means_the_same_is_the_same(compared, old, new):
    """Each system's lines, and ours, have the same names and values for it."""
    answer = compared([old], [new])

    assert (counts(answer), answer["examples"]) == ((1, 0, 0, 0), [])


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (flat(quality=1), ours(quality=True), "different"),
        (flat(quality="1"), ours(quality=1), "different"),
        (flat(severity="warning"), ours(severity="ERROR"), "different"),
        (flat(goal="g"), ours(), "missing"),
        (flat(), ours(goal="g"), "extra"),
    ],
)
def test_what_does_not_is_a_difference(compared, old, new, kind):
    """Types count."""
    answer = compared([old], [new])

    assert counts(answer) == (0, 1, 0, 0)
    assert [each[kind] for each in answer["fields"].values()] == [1]


def test_a_secret_that_was_taken_out_is_no_difference_and_is_not_shown(verify):
    """That was promised; it is counted by field. What examples show of the old file is guarded as well."""
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    old = [flat(note=f"use {token}", n=1), flat("rune", 1, note=token, password="hunter2hunter2")]
    new = [ours(note="use <REDACTED:github-token>", n=1)]

    answer = verify(old, new)

    assert answer.out.startswith("2 old events, 1 new: 1 same, 0 different, 1 missing, 0 extra\n")
    assert "redacted" in answer.out
    assert token not in answer.out
    assert "hunter2" not in answer.out


def test_lines_of_one_name_are_paired_by_what_they_say_then_by_time(compared):
    """One that is missing among many alike costs one, not all that follow."""
    old = [flat("rune", second / 2, n=second) for second in range(20)]
    new = [ours("rune", second / 2 + 0.1, n=second) for second in range(20) if second != 3]
    new[10]["attributes"]["n"] = "changed"

    answer = compared(old, new)

    assert counts(answer) == (18, 1, 1, 0)
    assert answer["examples"][0]["fields"] == {"n": 3}


def test_key_fields_tell_events_apart(compared):
    """Two tasks are not one that has changed, unless it is said that ids mean nothing."""
    old, new = [flat(task_id="t-1", q=1)], [ours(task_id="t-2", q=1)]

    assert counts(compared(old, new)) == (0, 0, 1, 1)
    assert counts(compared(old, new, "--key", "session_id")) == (0, 1, 0, 0)


def test_what_lies_too_far_apart_is_no_pair(compared):
    """Unless the tolerance allows for it."""
    old, new = [flat(second=0)], [ours(second=9)]

    assert counts(compared(old, new)) == (0, 0, 1, 1)
    assert counts(compared(old, new, "--tolerance", "10")) == (1, 0, 0, 0)


def test_fields_can_be_left_out(compared):
    """Those that differ by nature."""
    assert counts(compared([flat(host="a", q=1)], [ours(host="b", q=1)], "--ignore", "host")) == (1, 0, 0, 0)


def test_lines_need_not_be_in_order(compared):
    """Threads write nearly in order; what is late by more than the tolerance is told."""
    seconds = [second / 5 for second in range(100)]
    shuffled = [second + chance for second, chance in zip(seconds, itertools.cycle([0, 0.7, 0.3]))]
    new = [ours("rune", second, n=second) for second in sorted(seconds, key=lambda each: shuffled[seconds.index(each)])]

    assert counts(compared([flat("rune", second, n=second) for second in seconds], new)) == (100, 0, 0, 0)


def test_a_file_in_another_order_is_told(verify):
    """It may be why so much is missing: only what lies within the tolerance is held."""
    seconds = [0, 30, 1, 31]
    answer = verify([flat("rune", second) for second in sorted(seconds)], [ours("rune", second) for second in seconds])
    near = verify([flat("rune", 1), flat("rune", 2)], [ours("rune", 2), ours("rune", 1)])

    assert "1 line of the new file came later than newer ones" in answer.err
    assert (near.err, near.code) == ("", exit_codes.OK)


def test_files_may_be_compressed_and_hold_other_lines(migrate, tmp_path):
    """What is no event is passed over, and told; what writers say of themselves is not compared."""
    (tmp_path / "old.jsonl.gz").write_bytes(gzip.compress(json.dumps(OLD[1]).encode() + b'\n{"ev\nnothing\n'))
    writer = ours("otel_events.writer.started")
    (tmp_path / "new.jsonl").write_text(
        f"{json.dumps(writer)}\n{json.dumps(ours(second=1, task_id='t-1', quality=0.85))}"
    )

    answer = migrate("verify", "old.jsonl.gz", "new.jsonl")

    assert answer.out == "1 old event, 1 new: 1 same, 0 different, 0 missing, 0 extra\n"
    assert "Passed over in the old file: 2 lines" in answer.err


@pytest.mark.parametrize(("name", "text"), [("nowhere.jsonl", None), ("empty.jsonl", "")])
def test_nothing_to_compare_is_no_success(migrate, tmp_path, name, text):
    """A file that is not there, or holds no event, proves nothing."""
    if text is not None:
        (tmp_path / name).write_text(text)
    (tmp_path / "new.jsonl").write_text("")

    assert migrate("verify", name, "new.jsonl").code == (exit_codes.INPUT if text is None else exit_codes.NO)


def test_only_what_waits_is_held():
    """However long the files are, no more lines are in memory than lie within the tolerance."""
    read = {"old": 0, "new": 0}
    furthest = 0

    def lines(side, count, leave_out):
        for number in range(count):
            read[side] += 1
            if number % leave_out:
                yield Said("rune", (BEGIN * 1000 + number) * 1_000_000, {"n": number})

    yielded = 0
    for old, new in Pairing(50_000_000).pairs(lines("old", 20_000, 7), lines("new", 20_000, 11)):
        yielded += (old is not None) + (new is not None)
        furthest = max(furthest, read["old"] + read["new"] - yielded)

    assert yielded < 40_000
    assert furthest < 8_000  # those left out are counted as read


def test_pairing_gives_each_line_once():
    """Whatever is missing, repeated or late: every line is in one pair, and pairs are of one name."""
    chance = random.Random(7)
    for _ in range(50):
        sides = []
        for _ in range(2):
            times = sorted(chance.randrange(0, 5_000_000_000) for _ in range(chance.randrange(60)))
            sides.append(
                [Said(chance.choice("ab"), each, {"n": chance.randrange(3), "mark": object()}) for each in times]
            )
        pairs = list(Pairing(chance.choice([0, 10_000_000, 2_000_000_000])).pairs(*sides))

        assert sorted(map(id, sides[0])) == sorted(id(pair.old) for pair in pairs if pair.old is not None)
        assert sorted(map(id, sides[1])) == sorted(id(pair.new) for pair in pairs if pair.new is not None)
        assert all(pair.old.name == pair.new.name for pair in pairs if None not in pair)


def test_a_secret_that_another_field_names_is_not_shown(verify):
    """As environments of containers are written: a name, and its value."""
    old, new = "tr0ub4dor-and-3", "correct-horse-9"

    answer = verify(
        [flat(key="DB_PASSWORD", value=old, env=[{"name": "DB_PASSWORD", "value": old}])],
        [ours(key="DB_PASSWORD", value=new, env=[{"name": "DB_PASSWORD", "value": new}])],
    )

    assert "1 different" in answer.out
    assert "value: old <REDACTED:" in answer.out
    assert old not in answer.out
    assert new not in answer.out


def test_a_secret_that_differs_is_not_shown(verify):
    """The name of its field says what it is, on both sides."""
    old, new = "dGhpcyBpcyBhIHNpZ25hdHVyZQ8Zx4Qk", "bm90IHRoZSBzYW1lIG9uZSBhdCBhbGw7Yt9R"

    answer = verify([flat(sig=old, n=1)], [ours(sig=new, n=1)])

    assert "1 different" in answer.out
    assert old not in answer.out
    assert new not in answer.out
