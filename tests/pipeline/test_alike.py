"""Drafts with the same name and keys, which are normalised together: events are what they would be one by one."""

import math
from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, set_span_in_context

import otel_events as ev
from otel_events import catalog
from otel_events.accounting import Accounts
from otel_events.catalog import AttributeDefinition, EventDefinition
from otel_events.event import DEFAULT_SCOPE
from otel_events.notices import Notices
from otel_events.pipeline.normalize import Normalize
from otel_events.pipeline.one_by_one import NormalizeOne
from tests.effort import examples

DEFINED = EventDefinition(
    "field.measured",
    message="Measured",
    severity=ev.Severity.WARN,
    aliases=("FieldMeasured",),
    attributes={
        "level": AttributeDefinition("level", "double", requirement_level="required"),
        "label": AttributeDefinition("label", "string"),
        "marks": AttributeDefinition("marks", "int[]"),
        "sure": AttributeDefinition("sure", "boolean"),
    },
)
names = st.sampled_from(["field.measured", "FieldMeasured", "not.known", "ünknown", ""])
values = (
    st.sampled_from([0, 1, True, 1.0, -0.0, 2**70, -(2**63), math.nan, None, "", "ä", "\ud800", b"b"])
    | st.text(max_size=3)
    | st.just([1, 2])
    | st.just({"a": 1})
)
keys = st.sampled_from(["level", "label", "marks", "sure", "message", "from_", "_", "ä", "other", "task_id"])
fields = st.dictionaries(keys, values, max_size=4)
bounds = [{"task_id": "t-1", "level": 0.5}, {"task_id": "t-2", "level": "high", "gone": None}, {"other": "ä"}]


@st.composite
def batches(draw):
    """Draw drafts of few names and few sets of keys, so that many are alike, with few scopes."""
    shapes = draw(st.lists(st.tuples(names, fields), min_size=1, max_size=3))
    drafts = []
    for number in range(draw(st.integers(1, 8))):
        name, template = draw(st.sampled_from(shapes))
        said = {key: draw(values) if draw(st.booleans()) else value for key, value in template.items()}
        given_too = draw(st.sampled_from([None, None, None, {"extra": 1}, {"": 1, "level": 0.5}]))
        if draw(st.booleans()):
            said, given_too = (None if given_too is None else {}), said
        severity = draw(st.sampled_from([None, None, None, "error", "no such"]))
        message = draw(st.sampled_from([None, None, "said", "s\ud800"]))
        bound = draw(st.sampled_from([None, *bounds]))
        drafts.append(
            (
                *(number + 1, 1_000 + number, name, message, given_too, said),
                None if severity is None else (severity, None, None),
                Context(),
                (bound, {"env_id": 3}, DEFAULT_SCOPE),
            )
        )
    return drafts


def outcome(normalize, batches_of_drafts):
    """Return what *normalize* makes of each batch, and all that it counts, comparable to the bit."""
    normalized = [event for drafts in batches_of_drafts for event in normalize(drafts)]
    return [repr({**asdict(event), "bound": dict(event.bound)}) for event in normalized]


def counted(accounts):
    return [accounts.problems.counts(), accounts.unknown_names.counts(), accounts.dropped.counts()]


@settings(deadline=None, max_examples=examples(300))
@given(drafts=batches())
def test_events_are_what_they_would_be_one_by_one(drafts):
    """Names, messages, severities, cleaned values, what is bound, and what is counted as unknown or departing."""
    each = [[draft] for draft in drafts]
    # One that says when it was is looked at for itself.
    timed = [[(*draft[:6], ((draft[6] or (None,))[0], draft[1], None), *draft[7:])] for draft in drafts]
    together, one_by_one, alone = Accounts(), Accounts(), Accounts()
    before = catalog.current()
    catalog.extend_current([DEFINED])
    try:
        batch = outcome(Normalize("w", together, Notices(quiet_seconds=math.inf)), [drafts])
        ones = outcome(NormalizeOne("w", one_by_one, Notices(quiet_seconds=math.inf)), [*each, *each])
        expected = outcome(NormalizeOne("w", alone, Notices(quiet_seconds=math.inf)), timed)
    finally:
        catalog.set_current(before)

    assert batch == expected
    assert ones == expected * 2
    assert counted(together) == counted(alone)


def test_an_event_follows_the_catalogue_of_its_moment():
    """What was worked out of a definition is forgotten with it."""
    normalize = Normalize("w", Accounts(), Notices(quiet_seconds=math.inf))
    draft = (1, 1, "field.measured", None, None, {"level": 1.0}, None, Context(), (None, {}, DEFAULT_SCOPE))
    before = catalog.current()
    bodies = [normalize([draft])[0].body]
    catalog.extend_current([DEFINED])
    try:
        bodies.append(normalize([draft])[0].body)
    finally:
        catalog.set_current(before)

    assert [*bodies, normalize([draft])[0].body] == [None, "Measured", None]


def test_names_and_keys_without_end_are_no_leak():
    """A program that makes up keys gets right events, however much has been forgotten."""
    normalize = Normalize("w", Accounts(), Notices(quiet_seconds=math.inf))
    around = Context(), (None, {}, DEFAULT_SCOPE)
    drafts = [(n, 1, f"name.{n}", None, None, {f"key_{n}": n}, None, *around) for n in range(3000)]

    assert [event.attributes for event in normalize(drafts)] == [{f"key_{n}": n} for n in range(3000)]


class RaisingSpan(NonRecordingSpan):
    """Of an implementation that fails."""

    def get_span_context(self):
        raise RuntimeError


def test_a_span_that_raises_costs_its_own_events_alone():
    """Those around them that are alike go on; each loss is counted."""
    accounts = Accounts()
    broken = set_span_in_context(RaisingSpan(INVALID_SPAN_CONTEXT), Context())
    drafts = [
        (n, 1, "a.b", None, None, {"n": n}, None, broken if n == 2 else Context(), (None, {}, DEFAULT_SCOPE))
        for n in range(5)
    ]

    events = Normalize("w", accounts, Notices(quiet_seconds=math.inf))(drafts)

    assert [event.attributes["n"] for event in events] == [0, 1, 3, 4]
    assert accounts.dropped.counts() == {"normalize_failed": 1}
