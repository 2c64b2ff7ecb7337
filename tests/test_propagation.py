"""Across processes: what goes out, what comes in."""

import asyncio
import os

import pytest
from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events.testing import capture_events
from tests.effort import rest_slow
from tests.program import run_program

EVERYTHING = {
    **{"task_id": "t 1,;=%ä", "persona": "thesis", "session_id": "007"},
    **{"cycle": 42, "day": -3, "env_id": 0, "episode": 2**62},
}


TRACE = "0af7651916cd43dd8448eb211c80319c"


PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


# -- there and back ----------------------------------------------------------------------------------------------------


def test_correlation_travels_with_its_types_through_headers(events):
    """The other side's events are in the same trace, and have the same attributes of the same types."""
    with ev.session("007"), ev.context(**EVERYTHING, secret="s"), ev.task("a", task_id="t 1,;=%ä"):
        headers = ev.inject({"accept": "*/*"})
        ev.emit("x.here")
    with ev.extract(headers):
        ev.emit("x.there")

    here, there = events.one("x.here"), events.one("x.there")
    assert (there.trace_id, there.span_id) == (here.trace_id, here.span_id)
    assert there.attributes == {**EVERYTHING, "parent_task_id": "t 1,;=%ä"}
    assert {key: type(value) for key, value in there.attributes.items()} == {
        key: type(value) for key, value in {**EVERYTHING, "parent_task_id": ""}.items()
    }
    assert headers["accept"] == "*/*"
    assert headers["baggage"].isascii()
    assert "secret" not in headers["baggage"]


def test_a_task_under_extracted_headers_is_a_child_of_the_senders_span(events):
    """In trace and in task."""
    with ev.task("sender", task_id="t-1"):
        headers = ev.inject({})
    with ev.extract(headers), ev.task("receiver"):
        pass

    sender, receiver = events.spans
    assert (receiver.parent.span_id, receiver.context.trace_id) == (sender.context.span_id, sender.context.trace_id)
    assert events.named("task.started")[1].attributes["parent_task_id"] == "t-1"


@pytest.mark.parametrize("as_environment", rest_slow([True, False]))
def test_a_child_process_adopts_what_its_environment_brings(tmp_path, as_environment):
    """Automatically, at import: trace and attributes with their types, in threads too, beneath what the code binds."""
    with capture_events() as events:
        with ev.task("parent", task_id="t-1"), ev.context(cycle=42, persona="thesis"):
            ev.emit("x.parent")
            carried = ev.inject({}, environment=as_environment)
    program = """
        import threading
        ev.configure(ledger="events.jsonl", sink="ledger")
        def work():
            ev.emit("x.child", a=1)
        thread = threading.Thread(target=work)
        thread.start(); thread.join()
        with ev.task("child", task_id="t-2"), ev.context(persona="antithesis"):
            ev.emit("x.inside")
        assert ev.flush(10)
        with open("events.jsonl", encoding="utf-8") as written:
            print(json.dumps([line for line in map(json.loads, written) if line["event"].startswith("x.")]))
    """

    ran = run_program(program, tmp_path, **carried)

    child, inside = ran.said
    parent = events.one("x.parent")
    assert (child["trace_id"], child["span_id"]) == (parent.trace_id, parent.span_id)
    assert (child["task_id"], child["cycle"], child["persona"]) == ("t-1", 42, "thesis")
    assert (inside["trace_id"], inside["task_id"], inside["parent_task_id"]) == (parent.trace_id, "t-2", "t-1")
    assert (inside["persona"], inside["cycle"]) == ("antithesis", 42)
    assert inside["span_id"] != parent.span_id


def test_the_environment_gets_the_names_it_is_used_to(monkeypatch):
    """`os.environ` by itself, any other mapping if it is said to be one."""
    for name in ("TRACEPARENT", "TRACESTATE", "BAGGAGE"):
        monkeypatch.setenv(name, "")
    with capture_events(), ev.task("a", task_id="t-1"):
        ev.inject(os.environ)
        other = ev.inject({}, environment=True)

        assert os.environ["TRACEPARENT"] == other["TRACEPARENT"]
        assert os.environ["BAGGAGE"] == other["BAGGAGE"] == "task_id=t-1"


@pytest.mark.parametrize("how", ["decorator", "async", "reused"])
def test_what_was_extracted_is_a_scope_like_any_other(how):
    """With, async with, decorator, more than once."""
    remote = ev.extract({"baggage": "cycle=7"})

    @remote
    def handle():
        return ev.bound_attributes()

    async def handle_async():
        async with remote:
            return ev.bound_attributes()

    call = {
        "decorator": handle,
        "async": lambda: asyncio.run(handle_async()),
        "reused": lambda: (handle(), handle())[1],
    }

    assert call[how]() == {"cycle": 7}
    assert ev.bound_attributes() == {}


def test_foreign_baggage_travels_on_beside_ours():
    """What the program has put into OpenTelemetry's baggage is not replaced."""
    token = otel_context.attach(baggage.set_baggage("tenant", "acme"))
    try:
        with ev.context(cycle=1):
            assert ev.inject({})["baggage"] == "tenant=acme,cycle=1"
    finally:
        otel_context.detach(token)


# -- what comes in never overrides -------------------------------------------------------------------------------------


def test_nothing_that_comes_in_overrides_what_the_code_binds():
    """Neither a scope around, nor the process, nor an unbinding, nor a scope within."""
    ev.bind(day=1)
    with ev.context(cycle=1, persona=None), ev.extract({"baggage": "cycle=9,day=9,persona=x,episode=9,env_id=9"}):
        with ev.context(env_id=2):
            assert ev.bound_attributes() == {"day": 1, "cycle": 1, "episode": 9, "env_id": 2}


def test_a_span_of_the_same_trace_that_is_active_stays():
    """The server's own span is nearer than the caller's; one of another trace is not."""
    tracer = TracerProvider().get_tracer("t")
    remote = trace.set_span_in_context(
        trace.NonRecordingSpan(trace.SpanContext(int(TRACE, 16), 5, is_remote=True)), otel_context.Context()
    )
    with tracer.start_as_current_span("server", context=remote) as server, ev.extract({"traceparent": PARENT}):
        assert trace.get_current_span() is server
    with tracer.start_as_current_span("unrelated"), ev.extract({"traceparent": PARENT}):
        assert trace.get_current_span().get_span_context().trace_id == int(TRACE, 16)
