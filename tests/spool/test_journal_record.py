"""What a journal has on disk of an event: what the guards make of it, whichever way it went there."""

import math
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.context import Context

import otel_events as ev
from otel_events import catalog
from otel_events.accounting import Accounts
from otel_events.catalog import AttributeDefinition, EventDefinition
from otel_events.event import DEFAULT_SCOPE, InstrumentationScope
from otel_events.notices import Notices
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.one_by_one import NormalizeOne, RedactOne
from otel_events.pipeline.redact import Redact
from otel_events.pipeline.stage import run_stages
from otel_events.redaction import RedactionSettings, Redactor
from otel_events.spool.journal import Journal
from otel_events.spool.journal_record import unpack
from otel_events.spool.segment import scan
from tests.effort import examples

DEFINED = EventDefinition(
    "field.measured",
    message="Measured",
    severity=ev.Severity.WARN,
    aliases=("FieldMeasured",),
    attributes={
        "level": AttributeDefinition("level", "double", requirement_level="required"),
        "label": AttributeDefinition("label", "string"),
    },
)
RANDOM = "x7Kq9ZpL2mWv8RtY"  # a secret beside a key that hints at one
SECRET = "ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2"
plain = st.sampled_from([0, 1, True, 0.5, "text", "a longer text", RANDOM])
odd = st.sampled_from(
    [2**70, -(2**63), math.inf, None, "", "ä", "\ud800", b"b", [1], {"a": 1}, "0f" * 20, "long " * 20]
)
secret = st.sampled_from([SECRET, "password=hunter2hunter2", 4111111111111111])
values = plain | plain | plain | odd | secret
keys = st.sampled_from(["level", "label", "password", "key", "name", "value", "message", "from_", "ä", "task_id"])
# The same objects again and again: by these, kinds are known.
BOUNDS = (None, {"task_id": "t-1", "level": 0.5}, {"task_id": SECRET}, {"other": "ä", "gone": None})
SCOPES = (DEFAULT_SCOPE, InstrumentationScope("my.library", "1.2"), InstrumentationScope(SECRET))
names = st.sampled_from(["field.measured", "not.known"]) | st.sampled_from(["FieldMeasured", "ünknown", "", SECRET])
bounds = st.none() | st.sampled_from(BOUNDS)
scopes = st.just(DEFAULT_SCOPE) | st.sampled_from(SCOPES)
messages = st.none() | st.none() | st.sampled_from(["said", "a longer one", "s\ud800", SECRET])
severities = st.none() | st.none() | st.sampled_from([1, 13, "error", "no such", True, 9.0, 99])
times = st.none() | st.none() | st.none() | st.just(5)
mores = st.none() | st.none() | st.sampled_from([{}, {"extra": 1}])
DEFAULTS, CONTEXT = {"env_id": 3}, Context()


@st.composite
def said(draw):
    """Draw drafts of one or two kinds, which say new things and old ones."""
    kinds = draw(
        st.lists(st.tuples(names, st.lists(keys, max_size=3, unique=True), bounds, scopes), min_size=1, max_size=2)
    )
    drafts = []
    for number in range(draw(st.integers(3, 12))):
        name, own_keys, bound, scope = draw(st.sampled_from(kinds))
        own, more = {key: draw(values) for key in own_keys}, draw(mores)
        message, severity = draw(messages), draw(severities)
        given = (more, own) if draw(st.booleans()) else (own, more)
        rare = (severity, draw(times), None)
        rare = None if rare == (None, None, None) else rare
        around = (bound, DEFAULTS, scope)
        drafts.append((number + 1, 1_000 + number, name, message, *given, rare, CONTEXT, around))
    return drafts


def build(kind, accounts):
    """Return what normalizes, and the guards, as the pipeline has them (`Normalize`), or as a journal has."""
    notices = Notices(quiet_seconds=math.inf)
    redact = Redact(Redactor(RedactionSettings(), accounts.redacted, notices), accounts, notices)
    return kind("w", accounts, notices), (redact if kind is Normalize else RedactOne(redact),), notices


def comparable(event):
    known = {"severity": int(event.severity), "bound": dict(event.bound), "context": None, "resource": None}
    return repr({**asdict(event), **known})


def journaled(drafts, directory):
    """Return of each draft the event that a process which was killed has left on disk."""
    accounts = Accounts()
    normalize, guards, notices = build(NormalizeOne, accounts)
    journal = Journal(
        directory / "journal",
        root=directory,
        service="s",
        writer_id="w",
        normalize=normalize,
        guards=guards,
        make_resource=dict,
        is_synced=False,
        accounts=accounts,
        notices=notices,
        max_bytes=1 << 30,
    )
    for draft in drafts:
        journal(draft)
    (file,) = directory.rglob("*.spool")
    data = file.read_bytes()
    events = [unpack(data[one.offset : one.offset + one.length], {}) for one in scan(data).waiting]
    journal.close()
    assert accounts.problems.counts().get("journal_failed", 0) == 0
    return [event for event in events if event is not None], data


def delivered(drafts):
    """Return of each draft the events that sinks would be given."""
    accounts = Accounts()
    normalize, guards, notices = build(Normalize, accounts)
    return [event for draft in drafts for event in run_stages(guards, normalize([draft]), accounts, notices)]


@settings(deadline=None, max_examples=examples(300))
@given(drafts=said())
def test_a_killed_process_leaves_what_it_would_have_delivered(drafts):
    """On disk is what the guards make of each draft: its values, severity and bound attributes, and no secret."""
    before = catalog.current()
    catalog.extend_current([DEFINED])
    try:
        with TemporaryDirectory() as directory:
            on_disk, data = journaled(drafts, Path(directory))
        expected = delivered(drafts)
    finally:
        catalog.set_current(before)

    assert [comparable(event) for event in on_disk] == [comparable(event) for event in expected]
    assert SECRET.encode() not in data


@pytest.mark.parametrize(
    ("usual", "then"),
    [
        ([{"label": RANDOM}, {"key": "text"}], {"key": RANDOM}),
        ([{"level": 1}], {"level": 4111111111111111}),
        ([{"level": 1}], {"level": None}),
        ([{"level": 1}], {"level": 2**70}),
    ],
)
def test_what_is_usual_hides_nothing_else(tmp_path, usual, then):
    """After any number of plain events of a kind, one that is not plain is guarded as the first would be."""
    rows = [*usual * 5, then]
    around = CONTEXT, (None, DEFAULTS, DEFAULT_SCOPE)
    drafts = [(n, 1_000 + n, "not.known", None, None, row, None, *around) for n, row in enumerate(rows)]

    on_disk, _ = journaled(drafts, tmp_path)

    assert [comparable(event) for event in on_disk] == [comparable(event) for event in delivered(drafts)]
