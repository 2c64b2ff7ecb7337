"""Variables that can be read, and with which nothing can be built: they stop no program either."""

import pytest

from otel_events.set_up import find_wrong_variables
from tests.effort import rest_slow
from tests.program import ledger_events, run_program

OTLP = "OTEL_EXPORTER_OTLP_"
NOWHERE = {f"{OTLP}ENDPOINT": "https://127.0.0.1:9"}
WEBHOOK = {"OTEL_EVENTS_WEBHOOK_URL": "http://127.0.0.1:9/events"}


@pytest.mark.parametrize("configure", rest_slow(["ev.configure(exit_timeout=0.2)", ""]))
@pytest.mark.parametrize(
    ("wrong", "others"),
    rest_slow(
        [
            ({f"{OTLP}CERTIFICATE": "missing.pem"}, NOWHERE),
            ({f"{OTLP}CLIENT_KEY": "missing.key"}, NOWHERE),
            ({"OTEL_EVENTS_WEBHOOK_SECRET": "whsec_no base64"}, WEBHOOK),
            ({"OTEL_EVENTS_WEBHOOK_BATCH": "100000"}, WEBHOOK),
            ({"OTEL_EVENTS_WEBHOOK_URL": "http://127.0.0.1:99999/"}, {}),
            ({"OTEL_EVENTS_LEDGER_TOTAL_BYTES": "1MiB"}, {}),
            ({"OTEL_EVENTS_DEDUPLICATE_WINDOW": "0"}, {}),
            ({"OTEL_EVENTS_REDACT_WITHOUT": "nonsense"}, {}),
        ]
    ),
)
def test_a_variable_that_cannot_be_used_is_told_and_left_out(tmp_path, configure, wrong, others):
    """One warning names it and says why; whatever else is set holds, and events arrive."""
    program = f"""
import time
{configure}
ev.emit("seed.planted")
until = time.monotonic() + 20
while not ev.stats().delivered.get("ledger") and time.monotonic() < until: time.sleep(0.01)
ev.shutdown(20)
"""
    ran = run_program(program, tmp_path, **wrong, **others, OTEL_EVENTS_LEDGER_PATH="events.jsonl")

    # What cannot be reached is told as well, if that is known before the end.
    told = [line for line in ran.err.splitlines() if "Connection refused" not in line]
    assert (ran.code, len(told)) == (0, 1), ran.err
    assert f"{next(iter(wrong))} cannot be used, and is left out: " in told[0]
    assert [event["event"] for event in ledger_events(tmp_path / "events.jsonl")] == ["seed.planted"]


def test_a_keyword_that_cannot_be_used_is_an_error_whatever_the_variables_say(tmp_path):
    """What code says wrongly is told at once, by one error."""
    program = """
try:
    ev.configure(endpoint="https://127.0.0.1:9", certificate="missing.pem")
except ev.ConfigurationError as error:
    print(json.dumps(error.problems))
"""
    ran = run_program(program, tmp_path, **{f"{OTLP}CLIENT_KEY": "missing.key"})

    assert any("missing.pem" in problem for problem in ran.said), ran


def test_what_does_not_fit_beside_a_place_gives_way_to_it():
    """Endpoints and exporters stay, and those of two variables that only fail together of which the other is no place."""

    def problems_of(environ):
        return ["they do not fit"] if {"OTEL_A", "OTEL_B_ENDPOINT"} <= environ.keys() else []

    assert find_wrong_variables({"OTEL_A": "", "OTEL_B_ENDPOINT": "", "X": ""}, problems_of) == {
        "OTEL_A": ["they do not fit"]
    }
    assert find_wrong_variables({"OTEL_A": ""}, lambda _: ["wrong anyway"]) is None
