"""Across processes: what goes out, what comes in, and what must not."""

import asyncio
import json
import os
import subprocess
import sys
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import baggage, trace
from opentelemetry import context as otel_context
from opentelemetry.sdk.trace import TracerProvider

import otel_events as ev
from otel_events import propagation, runtime
from otel_events.testing import capture_events
from tests.effort import rest_slow
from tests.fresh import KeepingSink, fresh  # noqa: F401
from tests.program import ROOT, environment, run_program

EVERYTHING = {
    **{"task_id": "t 1,;=%ä", "persona": "thesis", "session_id": "007"},
    **{"cycle": 42, "day": -3, "env_id": 0, "episode": 2**62},
}
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def received(headers):
    with ev.extract(headers):
        return ev.bound_attributes()


# -- there and back --------------------------------------------------------------------------------------------------


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


# -- what comes in never overrides ------------------------------------------------------------------------------------


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


# -- secrets ----------------------------------------------------------------------------------------------------------

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


@pytest.mark.parametrize("is_environment", [True, False])
@pytest.mark.parametrize("secret", [TOKEN, f"draft {TOKEN}", "postgres://app:s3cr3tpw@db/x", "password=hunter2222"])
def test_no_secret_leaves_in_baggage(secret, is_environment):
    """What redaction would take out of an event is not sent on; what stands beside it is, and so is the trace."""
    with capture_events(), ev.task("a", task_id="t-1"), ev.context(persona=secret, cycle=7):
        fields = ev.inject({}, environment=is_environment)
        redacted = ev.stats().redacted

    assert fields["BAGGAGE" if is_environment else "baggage"] == "task_id=t-1,cycle=7"
    assert "TRACEPARENT" in fields or "traceparent" in fields
    assert redacted


def test_a_key_that_names_a_secret_is_not_sent_even_if_it_is_asked_for(fresh):  # noqa: F811
    """`baggage_keys` says what may travel; redaction what may not."""
    ev.configure(baggage_keys=["api_key", "region"], sink=KeepingSink())
    with ev.context(api_key="plain", region="eu"):
        assert ev.inject({})["baggage"] == "region=eu"


def test_a_program_without_redaction_sends_what_it_binds(fresh):  # noqa: F811
    """`redact=False` holds here too, and so does a redactor of the program's own; one that fails lets nothing out."""

    class Guard:
        def attributes(self, attributes):
            return attributes

        def value(self, key, value):
            if value == "odd":
                raise RuntimeError
            return "gone" if value == "thesis" else value

        def text(self, text):
            return text

    ev.configure(redact=False, sink=KeepingSink())
    with ev.context(persona=TOKEN):
        assert ev.inject({})["baggage"] == f"persona={TOKEN}"
    ev.configure(redact=Guard(), sink=KeepingSink())
    with ev.context(persona="thesis", task_id="odd", cycle=7):
        assert ev.inject({})["baggage"] == "cycle=7"
    assert ev.stats().problems == {"redaction_failed": 1}


# -- hostile ----------------------------------------------------------------------------------------------------------

SECRET = "sk-live-0123456789abcdef"


@pytest.mark.parametrize(
    "header",
    [
        f"api_key={SECRET}",
        f"password={SECRET};secret=1",
        "cycle=seven",
        "cycle=1_000",
        "cycle=%D9%A1",
        "cycle=1e3",
        "cycle=",
        "cycle",
        "cycle=" + "9" * 30,
        "cycle=9223372036854775808",
        "day=true",
        "env_id=0x10",
        "persona=" + "x" * 257,
        "persona=a%00b",
        "persona=a%0Ab",
        "persona=%1B%5B31m",
        "persona=a%E2%80%AEb",
        "__class__=x,__proto__=y",
        ",".join(f"key{number}=1" for number in range(10_000)),
        ",".join(["x=1"] * 200) + ",cycle=1",
        "x" * 10_000_000,
        "persona=x," * 1_000_000,
        "=;,=;,",
        "%",
        "\udcff=\udcff",
    ],
)
def test_hostile_baggage_changes_nothing(header):
    """Unknown keys, secrets, megabytes, wrong types, control characters."""
    assert received({"baggage": header}) == {}
    assert received({"baggage": header, "traceparent": PARENT}) == {}


@pytest.mark.parametrize(
    "parent",
    ["", "00-0-0-0", f"00-{'0' * 32}-b7ad6b7169203331-01", "x" * 10_000_000, 42, None, b"\xff", [], [PARENT] * 2],
)
def test_a_hostile_traceparent_is_no_trace(parent):
    """It counts as absent; the attributes beside it are as good as ever."""
    with ev.extract({"traceparent": parent, "baggage": "cycle=7"}):
        assert trace.get_current_span().get_span_context().is_valid is (parent == [PARENT] * 2)
        assert ev.bound_attributes() == {"cycle": 7}


class Raising(dict):
    def items(self):
        raise RuntimeError

    def __setitem__(self, key, value):
        raise RuntimeError


@pytest.mark.parametrize("carrier", [None, 42, "text", Raising(), [1, 2], [(1, 2, 3)], object()])
def test_a_carrier_that_is_none_carries_nothing(carrier):
    """Either way; it is counted, and nothing raises."""
    with capture_events(), ev.context(cycle=1):
        assert ev.inject(carrier) is carrier
        with ev.extract(carrier):
            assert ev.bound_attributes() == {"cycle": 1}

        assert ev.stats().problems == {"bad_carrier": 2}


@given(st.dictionaries(st.one_of(st.sampled_from(["traceparent", "tracestate", "baggage"]), st.text()), st.text()))
def test_whatever_text_comes_in_nothing_raises(headers):
    """And only what is allowed is bound."""
    assert received(headers).keys() <= set(propagation.allowed_keys)


@pytest.mark.parametrize(
    "headers",
    [
        {"Baggage": "cycle=7", "TraceParent": PARENT},
        {"BAGGAGE": "cycle=7", "TRACEPARENT": PARENT},
        {"HTTP_BAGGAGE": "cycle=7", "HTTP_TRACEPARENT": PARENT},
        [(b"baggage", b"cycle=7"), (b"traceparent", PARENT.encode())],
        {"baggage": ["cycle=7"], "traceparent": [PARENT]},
        {"baggage": "cycle = 7 ;meta=1", "traceparent": PARENT},
    ],
)
def test_headers_are_understood_as_servers_hand_them_over(headers):
    """Any case, WSGI's environ, ASGI's pairs of bytes, lists of values."""
    with ev.extract(headers):
        assert trace.get_current_span().get_span_context().trace_id == int(TRACE, 16)
        assert ev.bound_attributes() == {"cycle": 7}


def test_what_is_injected_is_within_the_standards_bounds():
    """Values that nobody would take are not sent; what cannot be encoded does not stop the rest."""
    with ev.context(persona="x" * 300, session_id="\udcff", cycle=1, env_id=True, task_id=[1]):
        sent = ev.inject({})["baggage"]

    assert [unquote(entry) for entry in sent.split(",")] == ["session_id=?", "cycle=1", "env_id=true"]


# -- other propagators ------------------------------------------------------------------------------------------------

PROGRAM = """
    from opentelemetry import trace
    from otel_events import runtime
    with ev.extract({"traceparent": sys.argv[1], "baggage": "cycle=7"}):
        inside = ev.bound_attributes(), trace.get_current_span().get_span_context().is_valid
    with ev.context(cycle=1), ev.task("x"):
        out = sorted(ev.inject({}))
    print(json.dumps([*inside, out, runtime.process_parent is not None]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("propagators", "inside", "valid", "out"),
    rest_slow(
        [
            ("none", {}, False, []),
            ("tracecontext", {}, True, ["traceparent"]),
            ("baggage", {"cycle": 7}, False, ["baggage"]),
            ("tracecontext,baggage", {"cycle": 7}, True, ["baggage", "traceparent"]),
            ("b3-not-installed", {"cycle": 7}, True, ["baggage", "traceparent"]),
        ],
        quick=2,
    ),
)
def test_the_environments_propagators_hold_for_both_directions(tmp_path, propagators, inside, valid, out):
    """What they leave out neither goes out nor comes in; one that is not installed counts as unsaid."""
    ran = run_program(PROGRAM, tmp_path, PARENT, OTEL_PROPAGATORS=propagators, TRACEPARENT=PARENT)

    assert (ran.code, ran.said) == (0, [inside, valid, out, valid])


@pytest.mark.slow
def test_the_programs_own_propagator_is_used(tmp_path):
    """With header names of its own, also in the environment, where they are spelt as variables."""
    program = """
        from opentelemetry import propagate, trace
        from opentelemetry.propagators.textmap import TextMapPropagator
        class B3(TextMapPropagator):
            fields = {"x-b3-traceid"}
            def extract(self, carrier, context=None, getter=None):
                if "x-b3-traceid" not in carrier:
                    return context
                span = trace.SpanContext(int(carrier["x-b3-traceid"], 16), 5, is_remote=True)
                return trace.set_span_in_context(trace.NonRecordingSpan(span), context)
            def inject(self, carrier, context=None, setter=None):
                carrier["x-b3-traceid"] = f"{trace.get_current_span(context).get_span_context().trace_id:032x}"
        propagate.set_global_textmap(B3())
        with ev.task("x"), ev.context(cycle=1):
            headers, variables = ev.inject({}), ev.inject({}, environment=True)
        with ev.extract(variables):
            back = f"{trace.get_current_span().get_span_context().trace_id:032x}"
        print(json.dumps([[*headers], [*variables], back == headers["x-b3-traceid"]]))
    """

    ran = run_program(program, tmp_path)

    assert (ran.code, ran.said) == (0, [["x-b3-traceid"], ["X_B3_TRACEID"], True])


def test_importing_costs_nothing_where_the_environment_brings_nothing(tmp_path):
    """The propagation machinery is loaded when it is needed."""
    ran = run_program('print(json.dumps("opentelemetry.propagate" in sys.modules))', tmp_path)

    assert ran.said is False


@pytest.mark.slow
def test_a_hostile_environment_does_not_keep_a_program_from_starting(tmp_path):
    """Whatever a parent left in it."""
    env = environment(
        tmp_path, TRACEPARENT="00-x", TRACESTATE="=" * 500, BAGGAGE=f"api_key={SECRET},cycle=x" + "," * 9000
    )
    program = "import otel_events as ev, json; print(json.dumps(ev.bound_attributes()))"

    done = subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert (json.loads(done.stdout), done.stderr) == ({}, "")
    assert runtime.process_parent is None
