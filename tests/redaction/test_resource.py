"""What a program says of itself goes out with every batch: no secret in it either."""

import json

import pytest

from tests.program import run_program

TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"


def resource(home, program="", **env):
    ledger = home / "events.jsonl"
    ran = run_program(f"{program}\nev.emit('seed.planted')", home, OTEL_EVENTS_LEDGER_PATH=str(ledger), **env)
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ledger.read_text().splitlines()[0])["resource"]


def test_secrets_go_from_the_resource(tmp_path):
    """By key and by form, as from attributes of events."""
    told = resource(
        tmp_path,
        OTEL_SERVICE_NAME="orchestrator",
        OTEL_RESOURCE_ATTRIBUTES=f"deploy.token=abc,note={TOKEN},team=thesis",
    )

    assert (told["deploy.token"], told["note"]) == ("<REDACTED:token>", "<REDACTED:github>")
    assert (told["service.name"], told["team"]) == ("orchestrator", "thesis")


@pytest.mark.slow
def test_a_program_without_redaction_says_what_it_is_told(tmp_path):
    """`redact=False` holds for the resource too."""
    told = resource(tmp_path, "ev.configure(redact=False)", OTEL_RESOURCE_ATTRIBUTES=f"note={TOKEN}")

    assert told["note"] == TOKEN


@pytest.mark.slow
def test_a_redactor_of_ones_own_that_fails_lets_out_the_services_name_alone(tmp_path):
    """It fails closed."""
    program = """
class Guard:
    def attributes(self, attributes):
        raise RuntimeError
    value = text = attributes
ev.configure(redact=Guard())
import logging; logging.getLogger("otel_events").addHandler(logging.NullHandler())
"""
    told = resource(tmp_path, program, OTEL_SERVICE_NAME="orchestrator", OTEL_RESOURCE_ATTRIBUTES=f"note={TOKEN}")

    assert (told["service.name"], told["note"]) == ("orchestrator", "<REDACTED:failed>")
