"""Events that go through the stages as columns: what comes out is what would come out of each alone, in the same order."""

import math
import tracemalloc
from operator import attrgetter

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from otel_events.accounting import Accounts
from otel_events.event import DEFAULT_SCOPE, Event, InstrumentationScope
from otel_events.guards import build_stages
from otel_events.ledger.line import EventsFormat
from otel_events.notices import Notices
from otel_events.otlp.encode import LogEncoder
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.stage import run_stages
from otel_events.settings import resolve
from tests.effort import examples

SECRET = "password=correct-horse-battery"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
KINDS = [
    st.integers(0, 300),
    st.sampled_from([-1, 2**14, 2**14 - 1, 2**40, 4_111_111_111_111_111]),
    st.floats(),
    st.booleans(),
    st.sampled_from(["", "a", "papers/volume-001.pdf", "ä" * 9, DIGEST, "x" * 700, "the token of my love"]),
    st.sampled_from(["papers/volume-001.pdf", SECRET, 1, 1.0, True, None, [1], {"a": SECRET}]),
]
FIELDS = attrgetter(*Event.__slots__)
keys = st.sampled_from(
    ["source", "quality", "session_id", "session.id", "task_id", "password", "name", "message", "log.record.uid"]
)
names = st.sampled_from(["evidence.added", "made.up", "error", "task.started"])
around = st.sampled_from(
    [
        ({"task_id": "t-1", "persona": "thesis"}, Context(), DEFAULT_SCOPE),
        ({"session_id": "s-1", "share": "5 %d of it"}, Context(), InstrumentationScope("a.library", "1.2")),
        ({"note": SECRET}, set_span_in_context(NonRecordingSpan(SpanContext(7, 8, False))), DEFAULT_SCOPE),
    ]
)
DEFAULTS = {"env_id": 3}  # one mapping, as a process has: what is around a draft is known by identity
RULES = [
    {},
    {"attribute_count_limit": 3},
    {"max_event_bytes": 1_200, "max_body_length": 5},
    {"attribute_value_length_limit": 10},
    {"redact_patterns": [(r"volume", "<V>")]},
    {"deduplicate": {"made.up": ["source"]}},
    {"filter": "-made.up"},
]


@st.composite
def drafts(draw):
    """Draw drafts of few names, sets of keys and surroundings, in any order, their values of one kind for each key."""
    types = draw(
        st.lists(
            st.tuples(names, st.dictionaries(keys, st.sampled_from(KINDS), max_size=4), around), min_size=1, max_size=3
        )
    )
    made = []
    for number in range(draw(st.integers(1, 40))):
        name, kinds, (bound, context, scope) = draw(st.sampled_from(types))
        fields = {key: draw(kind) for key, kind in kinds.items()}
        message = draw(st.sampled_from([None, None, None, None, "said"]))
        severity = draw(st.sampled_from([None, None, None, None, "error"]))
        said = (name, message, None, fields, None if severity is None else (severity, None, None))
        made.append((number + 1, 1_700_000_000_000_000_000 + number, *said, context, (bound, DEFAULTS, scope)))
    return made


def left_out(event, error):
    raise AssertionError(f"{event} has no line: {error}")


class Way:
    """Normalize, the guards, the encoder and the ledger's lines, and what they count."""

    def __init__(self, rules):
        self.accounts, self.notices = Accounts(), Notices(quiet_seconds=math.inf)
        self.normalize = Normalize("0123456789abcdef", self.accounts, self.notices)
        self.stages = build_stages(resolve({"service_name": "test", **rules}, {})[0], self.accounts, self.notices)
        self.encoder = LogEncoder({"service.name": "test"})
        self.ledger = EventsFormat(service="test", resource={}, writer_id="0123456789abcdef")

    def take(self, batch, *, together):
        events = self.normalize(batch)
        passed = run_stages(self.stages, events if together else list(events), self.accounts, self.notices)
        released = run_stages(self.stages, [], self.accounts, self.notices, math.inf)  # as a turn does
        portions = [[repr(FIELDS(event)) for event in portion] for portion in passed.portions(3)]
        assert all(0 < len(portion) <= 3 for portion in portions)
        lines = self.ledger.encode_all(passed, left_out)
        assert lines.text == b"".join(map(self.ledger.encode, passed))
        return (
            self.encoder.encode(passed),
            lines,
            [repr(FIELDS(event)) for event in passed],
            [event for portion in portions for event in portion],
            [repr(FIELDS(event)) for event in released],
        )

    def counts(self):
        tallies = vars(self.accounts)
        return {name: tally.counts() for name, tally in tallies.items()}


@settings(deadline=None, max_examples=examples(60))
@given(rules=st.sampled_from(RULES), batches=st.lists(drafts(), min_size=1, max_size=3))
def test_columns_give_the_same_requests_lines_events_and_counts_as_events_do(rules, batches):
    """Whatever the guards have to do, whatever they have learnt before, in the order in which it was said, and in portions."""
    columns, events = Way(rules), Way(rules)

    got = [columns.take(batch, together=True) for batch in batches]
    expected = [events.take(batch, together=False) for batch in batches]

    assert (got, columns.counts()) == (expected, events.counts())


def test_most_of_what_is_alike_goes_through_as_columns():
    """What these tests compare is what they say: an ordinary batch reaches the encoder without having been taken apart."""
    way, around = Way({}), (Context(), ({"task_id": "t-1"}, DEFAULTS, DEFAULT_SCOPE))
    batch = [(n + 1, 1 + n, "evidence.added", None, None, {"quality": n}, None, *around) for n in range(20)]

    # The first time, names and scopes are looked at.
    passed = [run_stages(way.stages, way.normalize(batch), way.accounts, way.notices) for _ in "ab"]

    assert [len(group.rows) for group in passed[1].alike] == [20]


def test_long_texts_of_a_batch_are_not_joined_all_at_once():
    """To look for secrets in eight megabytes takes less than as much again."""
    way = Way({})
    around = Context(), (None, {}, DEFAULT_SCOPE)

    def said(number):
        return (number, number, "seed.planted", None, None, {"text": f"{number} and so on, " * 1_000}, None, *around)

    way.take([said(number) for number in range(1, 9)], together=True)
    events = way.normalize([said(number) for number in range(1, 501)])

    tracemalloc.start()
    passed = run_stages(way.stages, events, way.accounts, way.notices)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert [len(group.rows) for group in passed.alike] == [500]
    assert most < 8_000_000
