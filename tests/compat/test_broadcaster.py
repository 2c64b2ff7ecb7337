"""The broadcaster's calls: the dict that they return, and their events."""

import inspect
import re
import threading
from datetime import datetime
from enum import Enum

import pytest

import otel_events as ev
from otel_events import process
from otel_events.cli.relaying.message import Message
from otel_events.cli.relaying.translate import Translator
from otel_events.compat import broadcaster
from otel_events.compat.broadcast_message import Said, make_message
from otel_events.compat.broadcaster import Broadcaster, emit, get_broadcaster, set_cycle
from otel_events.testing import capture_events
from tests.program import run_program


class Kind(str, Enum):
    """Names of events, as some modules have them."""

    MOOD = "state.mood"


def problems(name):
    return ev.stats().problems.get(name, 0)


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        (Broadcaster, {"redis_url": "redis://localhost:6379", "channel": "v5:events", "stream": "v5:stream"}),
        (Broadcaster.set_cycle, {"self": inspect.Parameter.empty, "cycle": ..., "day": ...}),
        (Broadcaster.emit, {"self": ..., "event_type": ..., "data": None}),
        (get_broadcaster, {}),
        (emit, {"event_type": ..., "data": None}),
        (set_cycle, {"cycle": ..., "day": ...}),
    ],
)
def test_tools_see_the_signatures(call, parameters):
    """Names, order and defaults are those of the original, though no call ever raises."""
    found = {name: each.default for name, each in inspect.signature(call).parameters.items()}

    nothing = (inspect.Parameter.empty, ...)
    assert list(found) == list(parameters)
    assert [each for each in found.values() if each not in nothing] == [
        each for each in parameters.values() if each not in nothing
    ]


def test_a_call_returns_the_event(events):
    """Type, time to the millisecond, cycle and day, which are there before anybody has said them, and the data."""
    data = {"projection": {"nodes": ["α"]}}
    event = emit("sense.project", data)

    assert list(event) == ["type", "ts", "cycle", "day", "data"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("ts"))
    assert event == {"type": "sense.project", "cycle": 0, "day": 0, "data": data}
    assert event["data"] is data


def test_data_may_be_left_out(events):
    """A bare type is an event with empty data."""
    assert emit("sense")["data"] == {}
    assert events.only().name == "sense.project"
    assert events.only().attributes == {}


def test_the_cycle_is_the_processs(events):
    """What one thread says of cycle and day every thread sees, every broadcaster, and the native API."""
    Broadcaster().set_cycle(7, 1551)
    said = []
    worker = threading.Thread(target=lambda: said.append(emit("observe")))
    worker.start()
    worker.join()
    ev.emit("decision")
    set_cycle(8, 1551)
    said.append(get_broadcaster().emit("observe"))

    assert [(event["cycle"], event["day"]) for event in said] == [(7, 1551), (8, 1551)]
    assert [(e.name, e.attributes["cycle"], e.attributes["day"]) for e in events] == [
        ("observe", 7, 1551),
        ("decision", 7, 1551),
        ("observe", 8, 1551),
    ]


def test_a_cycle_of_the_native_api_counts(events):
    """Inside `ev.cycle(...)` an event is in that one."""
    set_cycle(7, 1551)
    with ev.cycle(42, day=1552):
        event = emit("observe")

    assert (event["cycle"], event["day"]) == (42, 1552)


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("cycle.start", {"day": 3, "session": "s"}, ("cycle.start", "INFO", {"day": 3, "session": "s"})),
        ("sense", {"sense": "eye"}, ("sense.project", "INFO", {"sense": "eye"})),
        (Kind.MOOD, {"old": "calm", "new": "ärger"}, ("state.mood", "INFO", {"old": "calm", "new": "ärger"})),
        ("error", {"source": "x", "message": "m"}, ("error", "ERROR", {"source": "x", "message": "m"})),
        ("wave.send", {"signal": {"nodes": [1], "emotion": None}}, None),
        ("mine.own", {"from": 1, "timestamp": 2}, ("mine.own", "INFO", {"from": 1, "timestamp": 2})),
        ("observe", [1, "two"], ("observe", "INFO", {"data": [1, "two"]})),
    ],
)
def test_each_call_is_an_event(events, kind, data, expected):
    """Under the canonical name, with the definition's severity, its data as attributes."""
    emit(kind, data)

    event = events.only()
    if expected is None:
        expected = (kind, "INFO", data)
    assert (event.name, ev.Severity(event.severity).name, event.attributes) == expected


def test_an_event_happened_when_the_dict_says(events):
    """Both have one instant."""
    said = emit("observe")

    moment = datetime.fromisoformat(said["ts"].replace("Z", "+00:00"))
    assert round(moment.timestamp() * 1000) == events.only().timestamp // 1_000_000


@pytest.mark.parametrize(
    "call",
    [
        lambda: emit(),
        lambda: emit(5),
        lambda: emit(None, {}),
        lambda: emit("observe", {}, "unknown"),
        lambda: emit("observe", unknown=1),
        lambda: get_broadcaster().emit(),
    ],
)
def test_wrong_arguments_are_silent_and_counted(events, call):
    """The caller gets a dict of the usual keys and goes on; there is no event."""
    before = problems("compat_call_failed")

    event = call()

    assert list(event) == ["type", "ts", "cycle", "day", "data"]
    assert (problems("compat_call_failed"), list(events)) == (before + 1, [])


@pytest.mark.parametrize("arguments", [(), (1,), ("x", 1), (1, None), (1.5, 2)])
def test_a_cycle_that_is_none_changes_nothing(events, arguments):
    """It is counted, and the cycle stays what it was."""
    set_cycle(7, 1551)
    before = problems("compat_call_failed")

    assert set_cycle(*arguments) is None

    assert problems("compat_call_failed") == before + 1
    assert emit("observe")["cycle"] == 7


@pytest.mark.parametrize("arguments", [{"redis_url": "nowhere"}, {"redis_url": 5}, {"channel": None, "stream": None}])
def test_a_redis_that_cannot_be_one_costs_no_event(events, arguments):
    """It is told and counted, once for the object, and events go their own way."""
    before = problems("compat_bad_setting")
    made = Broadcaster(**arguments)
    event = made.emit("observe", {"a": 1})

    assert problems("compat_bad_setting") == before + 1
    assert (event["data"], events.only().attributes) == ({"a": 1}, {"a": 1})


def test_the_processs_own_is_one(events, monkeypatch):
    """`get_broadcaster` gives one object, whoever asks."""
    monkeypatch.setattr(broadcaster, "_broadcaster", None)

    assert get_broadcaster() is get_broadcaster()


def test_a_relay_takes_a_message_for_the_event_that_it_is():
    """What `otel-events relay` makes of it has the event's uid, trace, cycle and service: nothing comes twice."""
    said = Said(
        '{"type": "sense", "ts": "2026-02-14T19:01:23.456Z", "cycle": 7, "day": 1551, "data": {"projection": {"n": 1}}}',
        "0f3a0f3a0f3a0f3a-1",
        {"task_id": "t-1"},
        {"trace_id": "0f3a9c110f3a4c118f3a9c110f3a9c11", "span_id": "8f3a9c110f3a9c11"},
    )
    with capture_events():
        payload = make_message(said).payload
    (event,) = Translator("relayed").events([Message(payload, "key")])

    assert (event.name, event.given_name, event.uid) == ("sense.project", "sense", said.uid)
    assert (f"{event.trace_id:032x}", f"{event.span_id:016x}") == tuple(said.trace.values())
    assert event.attributes == {"projection": {"n": 1}, "task_id": "t-1", "cycle": 7, "day": 1551}
    assert event.resource.attributes["service.name"] == process.current().ready_settings().service_name


@pytest.mark.slow
def test_without_the_client_of_redis_a_program_goes_on(tmp_path):
    """Nothing is published, which is told once with the way to mend it; events go their own way."""
    ran = run_program(
        """
        sys.modules["redis"] = None
        from otel_events.compat.broadcaster import emit
        said = [emit("observe", {"number": number})["data"] for number in range(3)]
        print(json.dumps([said, ev.stats().problems]))
        """,
        tmp_path,
    )

    assert ran.said == [[{"number": number} for number in range(3)], {"compat_bad_setting": 1}]
    assert ran.err.count("install otel-events[redis]") == 1
    assert [event["event"] for event in ran.default_ledger] == ["observe"] * 3


@pytest.mark.slow
def test_a_folder_that_is_called_redis_stops_nobody(tmp_path):
    """Beside a compose file there is one often; where the package is missing, that is told, and events go their own way."""
    (tmp_path / "redis").mkdir()
    ran = run_program(
        """
        import importlib.machinery, importlib.util
        spec = importlib.machinery.ModuleSpec("redis", None, is_package=True)
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name, *rest: spec if name == "redis" else found(name, *rest)
        sys.modules["redis"] = importlib.util.module_from_spec(spec)
        from otel_events.compat.broadcaster import emit
        print(json.dumps([emit("observe", {"a": 1})["data"], ev.stats().problems]))
        """,
        tmp_path,
    )

    assert ran.said == [{"a": 1}, {"compat_bad_setting": 1}]
    assert ran.err.count("install otel-events[redis]") == 1
