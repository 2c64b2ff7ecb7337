"""Reading the Collector's JSONL files while the Collector writes them."""

from __future__ import annotations

import json
import math

from tools.backends.otlp_json import plain_value, read_events, read_spans


def line(name):
    record = {"eventName": name, "timeUnixNano": "1"}
    return json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}) + "\n"


def test_rotated_files_are_read_first_and_a_line_being_written_is_left(tmp_path):
    """Rows come in the order of writing; a torn last line is for the next reading."""
    (tmp_path / "events-2026-01-02T00-00-00.000.jsonl").write_text(line("b"))
    (tmp_path / "events-2026-01-01T00-00-00.000.jsonl").write_text(line("a"))
    current = tmp_path / "events.jsonl"
    current.write_text(line("c") + line("d").rstrip("\n")[:-5])

    assert [row["name"] for row in read_events(current)] == ["a", "b", "c"]


def test_a_file_that_is_not_there_yet_is_empty(tmp_path):
    """The Collector makes its files with the first record."""
    assert read_events(tmp_path / "events.jsonl") == []
    assert read_spans(tmp_path / "traces.jsonl") == []


def test_every_kind_of_value_becomes_pythons():
    """64-bit numbers and not-a-number travel as strings, bytes as base64, nothing as an empty object."""
    assert plain_value({"intValue": "-9223372036854775808"}) == -(2**63)
    assert plain_value({"doubleValue": 0.5}) == 0.5
    assert math.isnan(plain_value({"doubleValue": "NaN"}))
    assert plain_value({"bytesValue": "/wA="}) == b"\xff\x00"
    assert plain_value({"arrayValue": {}}) == []
    assert plain_value({"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": False}}]}}) == {"a": False}
    assert plain_value({}) is None
    assert plain_value(None) is None
