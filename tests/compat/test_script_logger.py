"""The script logger against a real collector: envelopes, levels, redaction, limits."""

import hashlib
import json
import re

import pytest

from tests.compat.scripts import FAILING, brought
from tests.message_servers import running

pytestmark = pytest.mark.slow


def test_the_envelope_has_every_field(scripts, collector):
    """What the collector gets is what it always got, field by field."""
    with running(collector):
        scripts.run(FAILING + brought(1))

    (envelope,) = collector.taken()
    metadata = envelope.pop("metadata")
    now = metadata.pop("timestamp_ms")
    stack = metadata.pop("stack_trace")
    fingerprint = hashlib.sha1(b"program.py::<module>|program.py::fail").hexdigest()
    key = f"my_script|ValueError|Bootstrap failed for c-1|{fingerprint}"
    assert envelope == {
        "type": "membrane.inject",
        "citizen_id": "code_substrate_orchestration_scripts_my_script_py",
        "channel": "signals.script.my_script",
        "content": "my_script: Bootstrap failed for c-1",
        "severity": "error",
        "features_raw": {"urgency": 0.7, "novelty": 0.25, "trust": 0.9},
    }
    assert re.fullmatch(rf"script_log_my_script_{now}_[0-9a-f]+", metadata.pop("stimulus_id"))
    assert isinstance(metadata.pop("line"), int)
    assert metadata == {
        "origin": "script_logger",
        "signal_type": "script_error",
        "dedupe_key": hashlib.sha1(key.encode()).hexdigest(),
        "stack_fingerprint": fingerprint,
        "script_name": "my_script",
        "script_path": "orchestration/scripts/my_script.py",
        "module": "program",
        "function": "<module>",
        "level": "ERROR",
        "error_type": "ValueError",
    }
    assert stack.startswith("Traceback")
    assert stack.endswith("ValueError: no such citizen")


def test_an_error_is_an_event_too(scripts, collector):
    """Under the canonical name, with the attributes that the catalogue has for it."""
    with running(collector):
        (event,) = scripts.run(FAILING).default_ledger

    said = event["attributes"]
    assert (event["event"], event["given_name"], event["severity"]) == ("script.error", "script_error", "ERROR")
    assert event["message"] == "Bootstrap failed for c-1"
    assert (said["script_name"], said["exception.type"], said["function"]) == ("my_script", "ValueError", "<module>")
    assert "no such citizen" in said["exception.stacktrace"]


def test_below_its_level_a_record_goes_to_the_console_alone(scripts, collector):
    """Everything is on the console, once; the collector gets what its level lets through, with its severity and urgency."""
    program = """
logger = setup_l2_logger(script_name="my_script", script_path="a.py", l2_level=logging.WARNING)
logger = setup_l2_logger(script_name="my_script", script_path="a.py", l2_level=logging.WARNING)
logging.basicConfig()
for level in ("debug", "info", "warning", "error", "critical"):
    getattr(logger, level)("said %s", level)
"""
    with running(collector):
        ran = scripts.run(program + brought(3))

    assert re.findall(r"said (\w+)", ran.err) == ["info", "warning", "error", "critical"]
    assert [(one["severity"], one["features_raw"]["urgency"]) for one in collector.taken()] == [
        ("warn", 0.4),
        ("error", 0.7),
        ("critical", 0.95),
    ]


def test_secrets_leave_neither_in_envelopes_nor_in_events(scripts, collector):
    """Values of telling keys, bearer tokens, credentials in URLs, and what the script's own patterns find."""
    program = r"""
script_logger.REDACTION_PATTERNS.append((r"cust-\d+", "cust-N"))
logger = setup()
try:
    raise ValueError("password: hunter2hunter2")
except ValueError:
    logger.exception("token=abc123 for cust-4711, Authorization: Bearer abcdef123456, https://bob:s3cr3t@host/x")
"""
    with running(collector):
        ran = scripts.run(program + brought(1))

    (envelope,) = collector.taken()
    assert envelope["content"] == (
        "my_script: token=<REDACTED> for cust-N, Authorization: Bearer <REDACTED>, https://<REDACTED>:<REDACTED>@host/x"
    )
    everything = json.dumps([envelope, ran.default_ledger])
    assert [word for word in ("hunter2", "abc123", "4711", "abcdef123456", "s3cr3t", "bob") if word in everything] == []


@pytest.mark.parametrize("pattern", ['("(", "x")', '"cust-1"', "(3, None)"])
def test_patterns_that_are_none_withhold_texts_and_no_error(scripts, collector, pattern):
    """Who would know what they were to hide? That there was an error, its kind and its place come through, with a warning."""
    program = f"""
script_logger.REDACTION_PATTERNS.append({pattern})
{FAILING}
del script_logger.REDACTION_PATTERNS[:]
logger.error("n 2")
"""
    with running(collector):
        ran = scripts.run(program + brought(2))

    withheld, whole = collector.taken()
    metadata = withheld["metadata"]
    assert (withheld["content"], whole["content"]) == ("my_script: <REDACTED>", "my_script: n 2")
    assert (metadata["error_type"], metadata["function"], metadata["stack_trace"]) == (
        "ValueError",
        "<module>",
        "<REDACTED>",
    )
    assert "REDACTION_PATTERNS" in ran.err
    assert [line["message"] for line in ran.default_ledger if line["event"] == "script.error"] == ["<REDACTED>", "n 2"]


def test_what_is_too_long_is_cut(scripts, collector):
    """Content of 500 characters, stacks of 60 lines or 16 KB, bodies of 64 KB; a message that cannot be formatted arrives as it is."""
    program = """
logger = setup()
def deep(n, error):
    if n: deep(n - 1, error)
    else: raise error
namespace = {"n": 40}
exec("\\n".join(f"def f{k}(): f{k+1}()" for k in range(80)) + "\\ndef f80(): raise ValueError()", namespace)
for attempt in (namespace["f0"], lambda: deep(3, ValueError("y" * 20000))):
    try: attempt()
    except ValueError: logger.error("x" * 1000, exc_info=True)
logger.error("no %d", "number")
setup_l2_logger("my_script", "p" * 100_000).error("long")
"""
    with running(collector):
        scripts.run(program + brought(4))

    first, second, third, fourth = collector.taken()
    assert len(first["content"]) == 500
    stack = first["metadata"]["stack_trace"].split("\n")
    assert (len(stack), stack[-1]) == (61, "...<truncated>")
    assert len(second["metadata"]["stack_trace"]) <= 16 * 1024 + 20
    assert second["metadata"]["stack_trace"].endswith("\n...<truncated>")
    assert third["content"] == "my_script: no %d"
    assert fourth["content"] == "my_script: long"
    assert max(len(request["body"].encode()) for request in collector.requests()) <= 64 * 1024


def test_the_level_may_be_a_word(scripts, collector):
    """As logging takes it everywhere."""
    program = """
logger = setup_l2_logger("my_script", "my_script.py", l2_level="WARNING")
logger.info("console"); logger.warning("both")
"""
    with running(collector):
        scripts.run(program + brought(1))

    assert [envelope["content"] for envelope in collector.taken()] == ["my_script: both"]


def test_a_message_that_cannot_say_itself_arrives(scripts, collector):
    """An object whose code fails, `exc_info` where nothing went wrong, a lone surrogate: each is an envelope and an event."""
    program = """
class Mute:
    def __str__(self): raise RuntimeError("mute")
logger = setup()
logger.error(Mute()); logger.error("no error", exc_info=True); logger.error("half \\ud800")
"""
    with running(collector):
        ran = scripts.run(program + brought(3))

    told = [(envelope["content"], envelope["metadata"]["stack_trace"]) for envelope in collector.taken()]
    assert told == [("my_script: <unprintable Mute>", ""), ("my_script: no error", ""), ("my_script: half ?", "")]
    assert len([line for line in ran.default_ledger if line["event"] == "script.error"]) == 3
