"""The end of a program with our exporters behind the SDK's batch processors: whoever was there first, nothing is lost."""

import subprocess
import sys

import pytest

from tests.acceptor import HttpAcceptor, hang
from tests.effort import rest_slow
from tests.program import PATIENCE, environment, ledger_events, send_rest

# As on interpreters that start no more threads once they are ending.
WITHOUT_THREADS = """
import _thread, atexit, threading
def refuse(*_): raise RuntimeError("can't create new thread at interpreter shutdown")
def refuse_all(): threading.Thread.start = _thread.start_new_thread = refuse
"""
IMPORT = "import otel_events\n"
PROVIDERS = """
from opentelemetry._logs import LogRecord
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
traces, logs = TracerProvider(), LoggerProvider()
"""
USE = """
import otel_events as ev
from otel_events.bridges import DurableLogRecordExporter, DurableSpanExporter
traces.add_span_processor(BatchSpanProcessor(DurableSpanExporter()))
logs.add_log_record_processor(BatchLogRecordProcessor(DurableLogRecordExporter()))
for _ in range(600):
    with traces.get_tracer("t").start_as_current_span("their span"):
        logs.get_logger("l").emit(LogRecord(body="x", event_name="their.thing"))
"""
ORDERS = {"import first": IMPORT + PROVIDERS + USE, "providers first": PROVIDERS + USE}


def run(source, home, **env):
    done = subprocess.run(
        [sys.executable, "-c", source],
        env=environment(home, **env),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
@pytest.mark.room
@pytest.mark.parametrize("order", rest_slow(ORDERS))
@pytest.mark.parametrize("emits", rest_slow(["", "ev.emit('seed.planted')\n"]), ids=["nothing of ours", "an event"])
@pytest.mark.parametrize("prelude", ["", WITHOUT_THREADS], ids=["threads", "no threads"])
def test_what_batch_processors_hold_at_the_end_arrives(tmp_path, order, emits, prelude):
    """Whether providers or `otel_events` end first, all that they hold is delivered, once."""
    refuse = "atexit.register(refuse_all)\n" if prelude else ""
    expected = {"their span": 600, "their.thing": 600, **({"seed.planted": 1} if emits else {})}
    with HttpAcceptor() as acceptor:
        done = run(
            prelude + ORDERS[order] + emits + refuse,
            tmp_path,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}",
            OTEL_EVENTS_EXIT_TIMEOUT="20",
        )
        is_twice = send_rest(tmp_path)

        counts = {name: acceptor.names.count(name) for name in set(acceptor.names)}
    assert {name: min(count, expected[name]) if is_twice else count for name, count in counts.items()} == expected
    assert done.stderr == ""


@pytest.mark.room
@pytest.mark.parametrize("order", rest_slow(ORDERS))
@pytest.mark.parametrize("mode", rest_slow(["async", "journal"]))
def test_what_batch_processors_hold_at_the_end_reaches_the_ledger(tmp_path, order, mode):
    """The same without a network; that the writer stopped is said last."""
    path = tmp_path / "events.jsonl"
    done = run(
        ORDERS[order] + "ev.emit('seed.planted')\n",
        tmp_path,
        OTEL_EVENTS_DURABILITY=mode,
        OTEL_EVENTS_LEDGER_PATH=str(path),
        OTEL_EVENTS_EXIT_TIMEOUT="20",
    )

    assert len(ledger_events(path)) == 601, done.stderr
    assert len({event["uid"] for event in ledger_events(path)}) == 601
    assert ledger_events(path, with_own=True)[-1]["event"] == "otel_events.writer.stopped"


@pytest.mark.room
@pytest.mark.slow
def test_latecomers_wait_on_disk_if_need_be(tmp_path):
    """With a Collector that hangs the end is not held up for what came late: the next process finds it on disk."""
    program = ORDERS["providers first"] + "ev.emit('seed.planted')\n"
    with HttpAcceptor() as acceptor:
        endpoint = f"http://127.0.0.1:{acceptor.port}"
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SERVICE_NAME": "s"}
        acceptor.usual = hang
        run(program, tmp_path, **env)
        left = run(
            "from otel_events import spool\nprint(sum(info.records for info in spool.list_spools()))", tmp_path, **env
        )

    assert int(left.stdout) >= 1201
