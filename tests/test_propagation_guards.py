"""What crosses processes holds no secret, and nothing that comes in does harm."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace

import otel_events as ev
from otel_events import propagation
from otel_events.testing import capture_events
from tests.fresh import KeepingSink, fresh  # noqa: F401

TRACE = "0af7651916cd43dd8448eb211c80319c"


PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


def received(headers):
    with ev.extract(headers):
        return ev.bound_attributes()


# -- secrets -----------------------------------------------------------------------------------------------------------


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


# -- hostile -----------------------------------------------------------------------------------------------------------


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
