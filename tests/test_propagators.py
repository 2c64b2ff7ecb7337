"""The propagators that a program has chosen, and what its environment brings."""

import json
import subprocess
import sys

import pytest

from otel_events import runtime
from tests.effort import rest_slow
from tests.program import ROOT, environment, run_program

TRACE = "0af7651916cd43dd8448eb211c80319c"


PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


SECRET = "sk-live-0123456789abcdef"


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
