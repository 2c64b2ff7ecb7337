"""Records come alike out of every kind of file, and nothing in one can stop the reading."""

from __future__ import annotations

import gzip
import io
import json
import os
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_events.event import Severity
from otel_events.filter_language import parse_filter
from otel_events.ledger.read import ReadReport
from otel_events.ledger.split import DamagedError
from otel_events.reading.decode import Decoder
from otel_events.reading.follow import Follower
from otel_events.reading.lines import Block, read_blocks
from otel_events.reading.read import read_records
from otel_events.reading.selection import Selection
from otel_events.reading.sources import SourceError, find_sources
from otel_events.reading.times import parse_when
from tests.effort import examples

FLAT = b'{"event": "evidence_added", "timestamp": "2026-02-14T19:01:23+00:00", "task_id": "t-1", "quality": 0.9, "from": "x"}\n'
OTLP_LOGS = json.dumps(
    {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "orchestrator"}}]},
                "scopeLogs": [
                    {
                        "scope": {"name": "otel_events"},
                        "logRecords": [
                            {
                                "timeUnixNano": "1771095683000000000",
                                "observedTimeUnixNano": "1771095683500000000",
                                "severityNumber": 9,
                                "eventName": "evidence.added",
                                "body": {"stringValue": "Evidence added"},
                                "attributes": [
                                    {"key": "task_id", "value": {"stringValue": "t-1"}},
                                    {"key": "quality", "value": {"doubleValue": 0.9}},
                                    {"key": "log.record.uid", "value": {"stringValue": "0f3a-7"}},
                                ],
                                "traceId": "5b8efff798038103d269b633813fc60c",
                                "spanId": "eee19b7ec3c1b174",
                            }
                        ],
                    }
                ],
            }
        ]
    }
).encode()
OTLP_SPANS = (
    b'{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":'
    b'[{"scope":{"name":"x"},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",'
    b'"parentSpanId":"eee19b7ec3c1b173","name":"draft","startTimeUnixNano":"1771095683000000000","endTimeUnixNano":'
    b'"1771095684500000000","attributes":[{"key":"task_id","value":{"stringValue":"t-1"}}],'
    b'"status":{"code":2,"message":"it broke"}},{"name":"other","startTimeUnixNano":"1771095683000000000"}]}]}]}\n'
)


def read(*sources, selection=None, report=None):
    return list(read_records(find_sources([str(source) for source in sources]), selection=selection, report=report))


def decode(data):
    report = ReadReport()
    decoder = Decoder(report)
    return [record for block in read_blocks(io.BytesIO(data)) for record in decoder.decode(block)], report


class TestKinds:
    def test_every_kind_of_file_gives_the_same_record(self, ledger_bytes, event):
        """The ledger, a hand-written line, a Collector's file: name, time, attributes are found in the same places."""
        ours = ledger_bytes([event("evidence.added", task_id="t-1", quality=0.9)])
        records = [decode(data)[0][0] for data in (ours, FLAT, OTLP_LOGS)]

        assert [(each.name, each.timestamp, each.severity) for each in records] == [
            ("evidence.added", 1771095683 * 10**9, 9)
        ] * 3
        assert [(each.get("task_id"), each.get("quality")) for each in records] == [("t-1", 0.9)] * 3
        assert [each.text("service") for each in records] == ["orchestrator", "", "orchestrator"]

    def test_spans_are_records_too(self):
        """With duration, parent and status."""
        (span, other), report = decode(OTLP_SPANS)

        assert (span.kind, span.name, span.duration, span.severity) == ("span", "draft", 1.5, Severity.ERROR)
        assert (span.get("parent_span_id"), span.get("task_id"), span.get("message")) == (
            "eee19b7ec3c1b173",
            "t-1",
            "it broke",
        )
        assert (other.name, other.duration, report.events) == ("other", None, 2)

    def test_a_ledgers_line_comes_out_as_it_went_in(self, ledger_bytes, event):
        """Byte by byte; from another file in the same shape."""
        line = ledger_bytes([event("evidence.added", task_id="t-1", number=7, quality=0.9)], header=False)

        assert decode(line)[0][0].line() == line
        assert list(json.loads(decode(FLAT)[0][0].line())) == [
            "time", "unix", "event", "severity", "message", "task_id", "given_name", "attributes",
        ]  # fmt: skip

    def test_values_that_json_cannot_carry_come_back(self, ledger_bytes, event):
        """Bytes, infinities, nested mappings."""
        values = {"data": b"\x00\xff", "worst": float("inf"), "nested": {"a": [1, {"b": None}]}}
        (record,), _ = decode(ledger_bytes([event("x.y", **values)]))

        assert dict(record.attributes) == values

    def test_compressed_and_utf16_files_are_read(self, ledger_bytes, event):
        """And several gzip members, one after the other."""
        data = ledger_bytes([event("a.b"), event("a.c")])

        assert [len(decode(each)[0]) for each in (gzip.compress(data), gzip.compress(data) * 2)] == [2, 4]
        assert len(decode(data.decode().encode("utf-16"))[0]) == 2


class TestDamage:
    def test_a_torn_last_line_and_bad_lines_are_counted_and_passed_over(self, ledger_bytes, event):
        """Each by its kind; the others are read."""
        good = ledger_bytes([event("a.b"), event("a.c")])
        records, report = decode(b'not json\n{"a": 1}\n\n' + good + b'{"time":"2026-02')

        assert [record.name for record in records] == ["a.b", "a.c"]
        assert (report.events, report.headers, report.malformed, report.foreign, report.torn) == (2, 1, 1, 1, 1)

    @pytest.mark.slow
    def test_a_broken_gzip_file_gives_what_was_good(self, ledger_bytes, event, tmp_path):
        """And is counted as not read to its end."""
        path = tmp_path / "cut.jsonl.gz"
        path.write_bytes(gzip.compress(ledger_bytes([event("a.b", step=n) for n in range(50_000)]))[:-1000])
        report = ReadReport()

        assert len(read(path, report=report)) > 1000
        assert report.unreadable == 1

    @pytest.mark.slow
    def test_an_endless_line_takes_no_memory(self, ledger_bytes, event):
        """Longer than 32 MiB: counted, and what follows is read."""
        records, report = decode(b"x" * (33 << 20) + b"\n" + ledger_bytes([event("a.b")]))

        assert ([record.name for record in records], report.oversized) == (["a.b"], 1)

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("severity", "LOUD"), ("severity", []), ("event", 7), ("event", None), ("attributes", []), ("time", "x" * 30),
            ("time", "2026-99-14T19:01:23.000000000Z"), ("time", 5), ("trace_id", 5), ("uid", []), ("uid", "x-zz"),
        ],
    )  # fmt: skip
    def test_a_line_that_was_tampered_with_stops_nobody(self, key, value, ledger_bytes, event, invoke, tmp_path):
        """Whatever stands where something else should."""
        good = ledger_bytes([event("a.b", task_id="t-1", number=1, trace=1)], header=False)
        bad = json.dumps({**json.loads(good), key: value}, separators=(",", ":")).encode()
        (tmp_path / "x.jsonl").write_bytes(bad + b"\n" + good)

        for command in (["query"], ["query", "--json"], ["stats"], ["errors"], ["tail"], ["show", "task", "t-1"]):
            assert invoke(*command, "x.jsonl").code == 0

    @given(
        st.lists(
            st.binary(max_size=200) | st.sampled_from([FLAT, OTLP_LOGS[:300], OTLP_SPANS, b"\n", b"\r\n", b"\x1f\x8b"])
        )
    )
    @settings(deadline=None, max_examples=examples(60))
    def test_no_bytes_can_stop_the_reading(self, parts):
        """Anything may be in a file."""
        with suppress(DamagedError):  # which readers of files count
            decode(b"".join(parts))


class TestSources:
    def test_a_folder_is_read_whole_rotated_files_first(self, ledger, event, tmp_path):
        """Compressed ones included; what is no file of events is left alone."""
        ledger(event("b.b"), name="data/events.jsonl")
        path = ledger(event("a.a"), name="data/events-20260214T190123Z-000001.jsonl")
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
        (tmp_path / "data" / "notes.txt").write_text("{}")

        assert [record.name for record in read(tmp_path / "data")] == ["a.a", "b.b"]

    def test_the_configured_ledger_has_its_rotated_files(self, ledger, event, invoke, rows):
        """Without FILE, oldest first."""
        ledger(event("b.b"))
        ledger(event("a.a"), name="ledger-20260214T190123Z-000001.jsonl")

        assert [row["event"] for row in rows(invoke("query", "--json").out)] == ["a.a", "b.b"]

    def test_a_file_named_twice_is_read_once(self, ledger, event, tmp_path):
        """By whatever it is named."""
        path = ledger(event("a.a"))

        assert len(read(path, path, tmp_path)) == 1

    def test_what_is_not_there_is_named(self, tmp_path):
        """At once, before anything is read."""
        with pytest.raises(SourceError, match="does not exist"):
            find_sources([str(tmp_path / "x.jsonl")])

    def test_standard_input_is_read(self, process, ledger_bytes, event):
        """`-` is where a pipe comes in."""
        run = process("query", "--json", "-", given=ledger_bytes([event("a.b")]).decode())

        assert json.loads(run.stdout)["event"] == "a.b"


FILTERS = [
    "", "task.*", "task_*", "evidence_added", "*.added", "persona=thesis", "persona=th*", "persona!=thesis", "quality>0.5",
    "quality<=0.5 persona=thesis", "severity>=warn", "task.*, severity>=warn", "-task.*", "-persona=thesis", "evidence.* -x=1",
    '"paper"', '"PAPER"', '"evidence" persona=thesis', "done=true", "cycle=7", "cycle=7*", "source=paper.pdf", "event=task.failed",
    "service=orchestrator", "[te]*.*", "?ask.started", "*", 'persona="thesis"', "missing=None", "missing!=x",
]  # fmt: skip


class TestSelection:
    @pytest.mark.parametrize("text", [text for text in FILTERS if "-x=1" not in text])
    def test_the_quick_look_at_bytes_loses_nothing(self, text, ledger_bytes, event):
        """A line that is passed over unread holds nothing that the filter wants."""
        values = [
            {},
            {"persona": "thesis"},
            {"quality": 0.9, "source": "paper.pdf"},
            {"quality": 0.5, "persona": "thesis"},
        ]
        values += [{"done": True}, {"cycle": 7}, {"cycle": 70, "note": "the Paper"}, {"missing": None}, {"persona": 5}]
        names = ["task.started", "task.failed", "evidence.added", "cycle.end", "own.thing", "script.error"]
        levels = [Severity.INFO, Severity.ERROR]
        events = [event(name, severity=level, **each) for name in names for each in values for level in levels]
        lines = ledger_bytes(events).split(b"\n")
        selection = Selection(parse_filter(text))
        fits = selection.compile() or (lambda _: True)

        quick = list(filter(fits, Decoder(None, selection.compile_for_bytes()).decode(Block(lines))))
        thorough = list(filter(fits, Decoder().decode(Block(lines))))

        assert [each.raw for each in quick] == [each.raw for each in thorough]

    def test_the_filter_of_the_pipeline_says_the_same(self, ledger_bytes, event):
        """One language: what the guard lets through is what a query finds."""
        from otel_events.accounting import Accounts
        from otel_events.pipeline.filter import Filter

        events = [
            event(name, severity=level, **values)
            for name in ("task.started", "evidence.added", "own.thing")
            for level in (Severity.DEBUG, Severity.WARN)
            for values in ({}, {"persona": "thesis", "quality": 0.9}, {"done": True, "quality": 0.2, "note": "a Paper"})
        ]
        for text in (
            "task_*",
            "-task.* severity<warn",
            "quality>0.5, done=true",
            "persona!=th*",
            "*.added severity=warn",
            '"paper"',
            "-'THES' , event=own.*",
            "message=*added*, kind=span",
            "trace_id=*, uid=*",
        ):
            guard = Filter(parse_filter(text), Accounts())
            fits = Selection(parse_filter(text)).compile()
            found = [fits(record) for record in Decoder().decode(Block(ledger_bytes(events).splitlines()))]

            assert found == [guard.passes(each) for each in events], text

    def test_since_and_until_bound_the_time(self, ledger, event):
        """From the one, up to the other without it."""
        path = ledger(*[event("a.b", second) for second in range(5)])
        begin = 1771095683 * 10**9

        chosen = read(path, selection=Selection(since=begin + 10**9, until=begin + 3 * 10**9))

        assert [(each.timestamp - begin) // 10**9 for each in chosen] == [1, 2]


class TestTimes:
    NOW = 1_771_095_683.5

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("10m", NOW - 600), ("1h30m", NOW - 5400), ("2d", NOW - 172_800), ("1.5h", NOW - 5400), ("250ms", NOW - 0.25),
            ("now", NOW), ("2026-02-14T19:01:23Z", 1_771_095_683), ("2026-02-14T20:01:23.25+01:00", 1_771_095_683.25),
            ("1771095683", 1_771_095_683), ("1w", NOW - 604_800),
        ],
    )  # fmt: skip
    def test_times_mean_what_people_mean(self, text, seconds):
        """How long ago, or when."""
        assert parse_when(text, now=self.NOW) / 1e9 == pytest.approx(seconds, abs=1e-5)

    def test_nanoseconds_are_kept(self):
        """What a ledger shows can be asked for."""
        assert parse_when("2026-02-14T19:01:23.123456789Z") == 1_771_095_683_123_456_789

    @pytest.mark.parametrize("text", ["", "soon", "10", "10x", "25:99", "2026-13-01", "m", "99999999999999d"])
    def test_anything_else_is_refused(self, text):
        """With what would be right."""
        with pytest.raises(ValueError, match="say how long ago"):
            parse_when(text)


class TestFollowing:
    @pytest.fixture
    def path(self, tmp_path):
        return tmp_path / "live.jsonl"

    @pytest.fixture
    def append(self, path, ledger_bytes, event):
        def write(*names):
            with path.open("ab") as file:
                file.write(ledger_bytes([event(name) for name in names], header=False))

        return write

    @staticmethod
    def names(records):
        return [record.name for record in records]

    def test_what_is_appended_comes_once(self, path, append):
        """After the last ones that were there."""
        append("a.1", "a.2", "a.3")
        follower = Follower(path, Decoder())

        assert self.names(follower.last(2)) == ["a.2", "a.3"]
        append("a.4")
        assert self.names(follower.poll()) == ["a.4"]
        assert follower.poll() == []

    def test_half_a_line_waits_for_its_other_half(self, path, append, ledger_bytes, event):
        """Whoever writes may be interrupted."""
        append("a.1")
        follower = Follower(path, Decoder())
        follower.last(10)
        line = ledger_bytes([event("a.2")], header=False)
        with path.open("ab") as file:
            file.write(line[:50])
        before = follower.poll()
        with path.open("ab") as file:
            file.write(line[50:])

        assert (before, self.names(follower.poll())) == ([], ["a.2"])

    def test_a_rotation_loses_and_repeats_nothing(self, path, append):
        """The rest of the old file, files that came and went meanwhile, the new one."""
        append("a.1")
        follower = Follower(path, Decoder())
        follower.last(10)
        append("a.2")
        path.rename(path.with_name("live-20260214T190123Z-000001.jsonl"))
        append("b.1")
        os.utime(path, ns=(10**18, 10**18))
        path.rename(path.with_name("live-20260214T190124Z-000002.jsonl"))
        append("c.1")
        got = self.names(follower.poll())
        append("c.2")

        assert sorted([*got, *self.names(follower.poll())]) == ["a.2", "b.1", "c.1", "c.2"]
        assert got[-1] == "c.1"

    def test_a_file_that_is_emptied_is_read_from_its_beginning(self, path, append):
        """As `> file` does."""
        append("a.1", "a.2")
        follower = Follower(path, Decoder())
        follower.last(10)
        path.write_bytes(b"")
        follower.poll()
        append("a.3")

        assert self.names(follower.poll()) == ["a.3"]

    def test_a_file_that_is_not_there_yet_is_waited_for(self, path, append):
        """`tail -f` may come before the program."""
        follower = Follower(path, Decoder())
        before = (follower.last(10), follower.poll())
        append("a.1")

        assert (before, self.names(follower.poll())) == (([], []), ["a.1"])
