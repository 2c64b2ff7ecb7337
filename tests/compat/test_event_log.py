"""The event log of a training run: what a display finds in it, and the events."""

import enum
import inspect
import re
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, fields
from datetime import datetime

import numpy as np
import pytest

import otel_events as ev
from otel_events.compat.event_log import EventLogAggregator, EventLogEntry, domain_of
from tests.program import PATIENCE, ROOT, environment


class Kind(enum.Enum):
    """The types, as the program has them."""

    SEED_GERMINATED = enum.auto()
    SEED_STAGE_CHANGED = enum.auto()
    SEED_GATE_EVALUATED = enum.auto()
    SEED_FOSSILIZED = enum.auto()
    SEED_PRUNED = enum.auto()
    PPO_UPDATE_COMPLETED = enum.auto()
    BATCH_EPOCH_COMPLETED = enum.auto()
    TRAINING_STARTED = enum.auto()
    EPOCH_COMPLETED = enum.auto()
    REWARD_COMPUTED = enum.auto()


AGGREGATED = {Kind.EPOCH_COMPLETED, Kind.REWARD_COMPUTED}


@dataclass
class TelemetryEvent:
    """A payload."""

    slot_id: "str | None" = None
    blueprint: "str | None" = None
    improvement: "float | None" = None
    env_id: "int | None" = None
    episode: "int | None" = None


@dataclass
class Envelope:
    """An event that holds its type, and its payload or the fields of it."""

    event_type: "Kind | str | None"
    data: object = None
    epoch: "int | None" = None
    timestamp: "float | None" = None


class Tensor:
    """A value on a device: whoever asks for its content makes the program wait."""

    shape, dtype = (3,), "float32"

    def _wait(self, *_):
        raise AssertionError("the program had to wait for its GPU")

    __repr__ = __str__ = __iter__ = __len__ = __float__ = __int__ = __bool__ = item = tolist = numpy = cpu = _wait


@pytest.fixture
def aggregator():
    return EventLogAggregator()


def log_of(aggregator):
    return list(aggregator.snapshot.event_log)


def test_an_entry_has_the_fields_that_displays_read(aggregator, events):
    """Names and order are the original's; time is local, what is special stands in the metadata."""
    at = datetime(2026, 2, 14, 19, 1, 23).astimezone()
    payload = {"slot_id": "r0c1", "blueprint": "conv_light", "env_id": 3, "episode": 7, "timestamp": at}
    aggregator.process_event(Kind.SEED_GERMINATED, payload)

    (entry,) = log_of(aggregator)
    hours = int(time.time() - at.timestamp()) // 3600
    assert [field.name for field in fields(EventLogEntry)] == list(asdict(entry)) == [
        "timestamp", "event_type", "env_id", "message", "metadata", "episode", "relative_time",
    ]  # fmt: skip
    assert asdict(entry) == {
        "timestamp": "19:01:23",
        "event_type": "SEED_GERMINATED",
        "env_id": 3,
        "message": "Germinated",
        "metadata": {"slot_id": "r0c1", "blueprint": "conv_light"},
        "episode": 7,
        "relative_time": f"({hours}h ago)",
    }


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        (Kind.SEED_GERMINATED, TelemetryEvent(slot_id="r0c1", improvement=0.7, env_id=3)),
        (Kind.SEED_GERMINATED, {"slot_id": "r0c1", "improvement": 0.7, "env_id": 3}),
        ("SEED_GERMINATED", TelemetryEvent(slot_id="r0c1", improvement=0.7, env_id=3)),
        (Envelope(Kind.SEED_GERMINATED, TelemetryEvent(slot_id="r0c1", improvement=0.7, env_id=3)), None),
        (Envelope("SEED_GERMINATED", {"slot_id": "r0c1", "improvement": 0.7, "env_id": 3}), None),
    ],
    ids=["enum and dataclass", "enum and dict", "name and dataclass", "one object", "one object with a dict"],
)
def test_each_call_is_an_event(aggregator, events, event, payload):
    """Under the canonical name, with the payload's fields; what a payload leaves at None it does not say."""
    aggregator.process_event(event, payload)

    (entry,), emitted = log_of(aggregator), events.only()
    assert (entry.event_type, entry.env_id, entry.metadata) == (
        "SEED_GERMINATED",
        3,
        {"slot_id": "r0c1", "improvement": 0.7},
    )
    assert (emitted.name, emitted.message) == ("seed.germinated", "Germinated")
    assert emitted.attributes == {"slot_id": "r0c1", "improvement": 0.7, "env_id": 3}


def test_what_an_event_says_beside_its_payload_counts_too(aggregator, events):
    """Its time is the entry's; the payload's word wins, and data that have no fields stay what they are, unread."""
    at = datetime(2026, 2, 14, 19, 1, 23).astimezone().timestamp()
    aggregator.process_event(Envelope(Kind.TRAINING_STARTED, {"epoch": 2}, epoch=1, timestamp=at))
    aggregator.process_event(Envelope(Kind.SEED_PRUNED, Tensor(), epoch=3))

    started, pruned = log_of(aggregator)
    assert (started.timestamp, started.metadata) == ("19:01:23", {"epoch": 2})
    assert pruned.metadata == {"data": {"shape": [3], "dtype": "float32"}, "epoch": 3}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in AGGREGATED], ids=lambda kind: kind.name)
def test_individual_types_are_shown_one_by_one(aggregator, events, kind):
    """Two of a type in the same second are two entries, with a generic message that is the same for both."""
    at = time.time()
    aggregator.process_event(kind, {"slot_id": "r0c1", "timestamp": at})
    aggregator.process_event(kind, {"slot_id": "r0c2", "timestamp": at})

    log = log_of(aggregator)
    assert [entry.metadata for entry in log] == [{"slot_id": "r0c1"}, {"slot_id": "r0c2"}]
    assert len({entry.message for entry in log}) == 1


@pytest.mark.parametrize("kind", sorted(AGGREGATED, key=lambda kind: kind.name), ids=lambda kind: kind.name)
def test_frequent_types_are_one_entry_a_second_with_a_count(aggregator, events, kind):
    """Rolled up for the display alone: every step stays on record. A second begins a new entry."""
    second = 1_771_095_683
    for step in range(10):
        aggregator.process_event(kind, {"env_id": step % 2, "loss": 0.5, "timestamp": second + step / 10})
    aggregator.process_event(kind, {"env_id": 4, "timestamp": second + 1})

    log = log_of(aggregator)
    assert [(entry.metadata, entry.env_id) for entry in log] == [({"count": 10}, None), ({"count": 1}, 4)]
    assert len(events) == 11
    assert events[0].attributes == {"env_id": 0, "loss": 0.5}


def test_a_count_goes_on_where_its_entry_was_pushed_out(aggregator, events):
    """A storm of individual events within the second hides no later count."""
    aggregator.process_event(Kind.EPOCH_COMPLETED, {"timestamp": 100.0})
    for _ in range(100):
        aggregator.process_event(Kind.SEED_PRUNED, {"timestamp": 100.1})
    for _ in range(2):
        aggregator.process_event(Kind.EPOCH_COMPLETED, {"timestamp": 100.2})

    assert log_of(aggregator)[-1].metadata == {"count": 2}


def test_what_is_rolled_up_is_bounded_as_the_log_is(aggregator, events):
    """Also where times run backwards, as in a replay of old ones."""
    for second in range(1_000, 0, -1):
        aggregator.process_event(Kind.EPOCH_COMPLETED, {"timestamp": second})

    assert len(log_of(aggregator)) == 100
    assert len(aggregator._rolled_up) <= 101


def test_the_log_keeps_the_last_hundred(aggregator, events):
    """In a deque of 100, oldest first; all are emitted."""
    for number in range(130):
        aggregator.process_event(Kind.SEED_GERMINATED, {"number": number})

    log = aggregator.snapshot.event_log
    assert (type(log), log.maxlen, len(log)) == (deque, 100, 100)
    assert (log[0].metadata, log[-1].metadata) == ({"number": 30}, {"number": 129})
    assert len(events) == 130


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.2, "(0s ago)"), (2.2, "(2s ago)"), (130, "(2m ago)"), (7300, "(2h ago)")]
)
def test_relative_times_are_those_of_the_snapshot(aggregator, events, seconds, shown):
    """How long ago it was when the snapshot was taken."""
    relative_time, is_late = "", True
    while is_late:  # a machine that stands still for most of a second makes it a second more
        aggregator.process_event(Kind.TRAINING_STARTED, {"timestamp": (at := time.time() - seconds)})
        relative_time = log_of(aggregator)[-1].relative_time
        is_late = time.time() - at >= int(seconds) + 1

    assert relative_time == shown


def test_a_snapshot_is_its_reader_s_own(aggregator, events):
    """What comes later does not change it, nor does what its reader does to it change the log."""
    aggregator.process_event(Kind.SEED_PRUNED, {"reason": "stalled"})
    first = aggregator.snapshot
    first.event_log[0].metadata["reason"] = "mine"
    aggregator.process_event(Kind.SEED_PRUNED, {"reason": "late"})

    assert [entry.metadata["reason"] for entry in first.event_log] == ["mine"]
    assert [entry.metadata["reason"] for entry in log_of(aggregator)] == ["stalled", "late"]


def test_episode_and_environment_come_from_scopes_as_well(aggregator, events):
    """The payload's win; an episode holds until another is said."""
    with ev.context(env_id=2, episode=5):
        aggregator.process_event(Kind.SEED_GERMINATED, {"slot_id": "a"})
        aggregator.process_event(Kind.SEED_GERMINATED, {"slot_id": "b", "env_id": 1})
    aggregator.process_event(Kind.SEED_GERMINATED, {"slot_id": "c"})

    assert [(entry.env_id, entry.episode) for entry in log_of(aggregator)] == [(2, 5), (1, 5), (None, 5)]


def test_a_tensor_is_never_converted(aggregator, events):
    """Neither for the event nor for the display: both say its shape, and nothing waits or keeps it alive."""
    aggregator.process_event(Kind.PPO_UPDATE_COMPLETED, {"policy_loss": Tensor(), "grads": np.zeros(1000)})

    shown = {"policy_loss": {"shape": [3], "dtype": "float32"}, "grads": {"shape": [1000], "dtype": "float64"}}
    assert log_of(aggregator)[0].metadata == shown
    assert events.only().attributes == shown


@pytest.mark.parametrize("event", [Kind.SEED_PRUNED, "SEED_PRUNED", "seed.pruned", "SEED_OF_THEIR_OWN"])
def test_seeds_are_kasmina_s(event):
    """By the catalogue, or by the name."""
    assert domain_of(event) == "Kasmina"


@pytest.mark.parametrize("event", [Kind.PPO_UPDATE_COMPLETED, "REWARD_COMPUTED", "training.started", "SOMETHING_ELSE"])
def test_all_else_is_simic_s(event):
    """By the catalogue, or by the name."""
    assert domain_of(event) == "Simic"


def test_a_type_that_nobody_knows_is_logged_all_the_same(aggregator, events):
    """With its own words for a message."""
    aggregator.process_event("GRADIENT_CLIPPED", {"norm": 1.5})

    (entry,) = log_of(aggregator)
    assert (entry.event_type, entry.message, entry.metadata) == ("GRADIENT_CLIPPED", "Gradient clipped", {"norm": 1.5})
    assert events.only().name == "GRADIENT_CLIPPED"


def test_a_type_of_the_user_s_own_may_be_rolled_up(aggregator, events):
    """What the catalogue says of a type holds here, too."""

    @ev.define("gradient.clipped", message="Clipped", aliases=["GRADIENT_CLIPPED"], rolled_up_in_displays=True)
    class GradientClipped:
        norm: float

    for _ in range(3):
        aggregator.process_event("GRADIENT_CLIPPED", {"norm": 1.5, "timestamp": 50})

    assert [(entry.message, entry.metadata) for entry in log_of(aggregator)] == [("Clipped", {"count": 3})]


@pytest.mark.parametrize(
    "call",
    [
        lambda it: it.process_event(),
        lambda it: it.process_event(None),
        lambda it: it.process_event(5, {}),
        lambda it: it.process_event(Envelope(None)),
        lambda it: it.process_event(TelemetryEvent()),
        lambda it: it.process_event("", {}),
        lambda it: it.process_event(Kind.SEED_PRUNED, "text"),
        lambda it: it.process_event(Kind.SEED_PRUNED, ["list"]),
        lambda it: it.process_event(Kind.SEED_PRUNED, Tensor()),
        lambda it: it.process_event(Kind.SEED_PRUNED, {}, unknown=1),
    ],
)
def test_wrong_arguments_are_silent_and_counted(aggregator, events, call):
    """A training run does not end because of its display."""
    before = ev.stats().problems.get("compat_call_failed", 0)

    assert call(aggregator) is None

    assert ev.stats().problems["compat_call_failed"] == before + 1
    assert (log_of(aggregator), list(events)) == ([], [])


@pytest.mark.parametrize("timestamp", [10**30, -5, float("nan"), "soon", [1]])
def test_a_time_that_is_none_stays_a_fact(aggregator, events, timestamp):
    """The entry is of now, and nothing is lost."""
    aggregator.process_event(Kind.SEED_PRUNED, {"timestamp": timestamp})

    (entry,) = log_of(aggregator)
    assert entry.relative_time == "(0s ago)"
    assert "timestamp" in entry.metadata


def test_threads_lose_no_count(aggregator, events):
    """Environments on threads of their own share a log."""

    def step():
        for _ in range(200):
            aggregator.process_event(Kind.REWARD_COMPUTED, {"timestamp": 1000.5})

    threads = [threading.Thread(target=step) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [entry.metadata for entry in log_of(aggregator)] == [{"count": 800}]


def test_tools_see_the_signature():
    """That a call never raises does not hide what it takes."""
    assert list(inspect.signature(EventLogAggregator.process_event).parameters) == ["self", "event", "payload"]


@pytest.mark.slow
def test_the_example_shows_what_was_promised_and_what_is_seen(tmp_path):
    """And the document shows what it prints."""
    example = "examples/event_log.py"
    text = (ROOT / "docs" / "migrate" / "event-log.md").read_text(encoding="utf-8")
    shown = re.search(rf"<!-- output of {re.escape(example)} -->\n```text\n(.*?)```", text, re.DOTALL)[1]

    run = subprocess.run(
        [sys.executable, str(ROOT / example)],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )

    assert (run.returncode, run.stderr, run.stdout.strip()) == (0, "", shown.strip())
