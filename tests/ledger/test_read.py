"""Reading ledgers, whatever has become of them."""

import gzip
import io
import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_events.event import Event
from otel_events.ledger.line import EventsFormat
from otel_events.ledger.read import LedgerReader, ReadReport, read_ledger, read_lines

FORMAT = EventsFormat(service="s", resource={"service.name": "s", "host.name": "h"}, writer_id="w")


def line(number, **attributes):
    return FORMAT.encode(Event("a.b", 1, 1, attributes={"n": number, **attributes}, uid=f"w-{number}"))


def read(content, **settings):
    report = ReadReport()
    numbers = [found.event.attributes["n"] for found in read_lines(io.BytesIO(content), report=report, **settings)]
    return numbers, {name: count for name in ReadReport.__slots__ if (count := getattr(report, name))}


@pytest.mark.parametrize(
    ("content", "numbers", "counts"),
    [
        (b"", [], {}),
        (line(1) + line(2), [1, 2], {"events": 2}),
        (line(1).rstrip(b"\n"), [1], {"events": 1}),
        (line(1) + line(2)[:-20], [1], {"events": 1, "torn": 1}),
        (line(1)[:-20] + b"\n" + line(2), [2], {"events": 1, "torn": 1}),
        (line(1)[:5] + b"\n" + line(2), [2], {"events": 1, "torn": 1}),
        (line(1)[:40] + line(2), [2], {"events": 1, "torn": 1}),
        (line(1)[:40] + line(2) + line(3), [2, 3], {"events": 2, "torn": 1}),
        (b"\n \r\n" + line(1), [1], {"events": 1, "blank": 2}),
        (b"\xef\xbb\xbf" + line(1), [1], {"events": 1}),
        (line(1).replace(b"\n", b"\r\n") * 2, [1, 1], {"events": 2}),
        (line(1) + b"\0" * 5000 + b"\n" + b"\0" * 100 + line(2), [1, 2], {"events": 2, "blank": 1}),
        (b'[1]\n"x"\n7\nnull\n{}\n{"type":"x"}\n' + line(1), [1], {"events": 1, "foreign": 6}),
        (b"Traceback (most recent call last):\n" + line(1), [1], {"events": 1, "malformed": 1}),
        (b"\xfd\xfe\xff\n" * 2 + line(1), [1], {"events": 1, "malformed": 2}),
        (b"[" * 100_000 + b"\n" + line(1), [1], {"events": 1, "malformed": 1}),
        (line(1).replace(b'"INFO"', b'"LOUD"') + line(2), [2], {"events": 1, "malformed": 1}),
        (line(1).replace(b'"time":"1970', b'"time":"x970') + line(2), [2], {"events": 1, "malformed": 1}),
        (gzip.compress(line(1)) + gzip.compress(line(2)) + b"\0" * 512, [1, 2], {"events": 2}),
        ((line(1) + line(2)).decode().encode("utf-16"), [1, 2], {"events": 2}),
    ],
)
def test_every_whole_event_is_read_and_every_other_line_is_counted(content, numbers, counts):
    """Torn, foreign, blank and broken lines cost themselves and nothing else."""
    assert read(content) == (numbers, counts)


def test_a_huge_line_is_passed_over_without_being_held():
    """A line of 50 MB is counted; the lines around it are read."""
    found = read(line(1) + line(9, text="x" * (50 << 20)) + line(2))

    assert found == ([1, 2], {"events": 2, "oversized": 1})


def test_a_line_just_within_the_bound_is_read():
    """The bound is on the bytes of the line, wherever the chunks of reading fall."""
    long = line(1, text="x" * 1_000_000)

    assert read(long + line(2), max_line_bytes=len(long) - 1)[0] == [1, 2]
    assert read(long + line(2), max_line_bytes=len(long) - 2)[0] == [2]


def test_a_broken_gzip_file_gives_what_it_still_holds():
    """A compressed file cut short is read up to the damage, which is counted."""
    whole = b"".join(line(number, text="x" * (number % 97)) for number in range(5000))
    packed = gzip.compress(whole)

    numbers, counts = read(packed[: len(packed) // 2])

    assert numbers == list(range(len(numbers)))
    assert 1000 < len(numbers) < 5000
    assert counts["unreadable"] == 1


@given(st.lists(st.binary(max_size=60) | st.integers(0, 5).map(line) | st.text(max_size=30).map(str.encode)))
def test_no_bytes_make_the_reader_raise(parts):
    """Arbitrary bytes between whole lines: nothing raises, and whole lines on lines of their own are all read."""
    whole = {line(number): number for number in range(6)}

    numbers, _ = read(b"".join(b"\n" + part + b"\n" for part in parts))

    expected = [whole[part] for part in parts if part in whole]
    assert [number for number in numbers if number in expected] == expected


@given(
    st.sampled_from(["time", "unix", "event", "severity", "message", "uid", "trace_id", "service", "attributes", "scope", "observed", "task_id"]),
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=12), inner, max_size=2)),
)  # fmt: skip
def test_no_field_makes_the_reader_raise(key, value):
    """A line that somebody has edited is an event, or counted as something else."""
    edited = {**json.loads(line(1)), key: value}
    reader = LedgerReader()

    found = reader.parse_line(json.dumps(edited).encode())

    assert len(found) + reader.report.passed_over == 1


def test_a_whole_ledger_is_read_in_order_with_its_headers(tmp_path):
    """Rotated files first, compressed ones too; a header in an old file serves the newer ones."""
    path = tmp_path / "events.jsonl"
    (tmp_path / "events-20260101T000000Z-000010.jsonl").write_bytes(line(3))
    (tmp_path / "events-20270101T000000Z-000009.jsonl.gz").write_bytes(gzip.compress(FORMAT.header() + line(2)))
    (tmp_path / "events-20260101T000000Z-000002.jsonl").write_bytes(line(1))
    (tmp_path / "events-of-others.jsonl").write_bytes(line(0))
    path.write_bytes(line(4))

    found = list(read_ledger(path))

    assert [recorded.event.attributes["n"] for recorded in found] == [1, 2, 3, 4]
    assert [recorded.resource.get("host.name") for recorded in found] == [None, "h", "h", "h"]


def test_a_rotation_while_reading_neither_loses_nor_repeats_a_file(tmp_path):
    """A file that is renamed under the reader is read once."""
    path = tmp_path / "events.jsonl"
    (tmp_path / "events-20260101T000000Z-000001.jsonl").write_bytes(line(1))
    path.write_bytes(line(2))

    found = read_ledger(path)
    numbers = [next(found).event.attributes["n"]]
    path.rename(tmp_path / "events-20260101T000000Z-000002.jsonl")
    path.write_bytes(line(3))
    numbers += [recorded.event.attributes["n"] for recorded in found]

    assert numbers == [1, 2]


def test_a_file_that_was_rotated_while_it_was_opened_is_read_once(tmp_path):
    """The file just opened may already stand in the list under its rotated name."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1))
    os.link(path, tmp_path / "events-20260101T000000Z-000001.jsonl")

    assert [recorded.event.attributes["n"] for recorded in read_ledger(path)] == [1]


def test_a_missing_ledger_has_no_events(tmp_path):
    """Looking for a ledger that nobody has written yet is no error."""
    assert list(read_ledger(tmp_path / "none" / "events.jsonl")) == []
