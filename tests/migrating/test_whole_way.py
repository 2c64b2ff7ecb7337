"""A program of each system goes the whole way: found, changed, run for real, and compared with what it wrote before."""

import json
from importlib.util import find_spec

import pytest

from otel_events.cli import exit_codes
from otel_events.compat.activity import ActivityPublisher
from tests.message_servers import PATIENCE, RedisServer, nats_server, running, wait_until
from tests.nats_clients import Listener

NOWHERE = "http://127.0.0.1:9/ingest"  # the discard port: nobody answers there


@pytest.mark.slow
def test_the_pipeline_says_the_same_with_its_drop_in_and_by_native_calls(samples, migrate, run_program):
    """System A: flat lines as before with the import changed; the same events with the calls changed."""
    program = samples / "pipeline.py"
    run_program(program, AGI_LEDGER_PATH="old.jsonl")

    assert migrate("rewrite", program, "--write").code == exit_codes.OK
    run_program(program, AGI_LEDGER_PATH="new.jsonl", OTEL_EVENTS_LEDGER_PATH="events.jsonl")
    flat = migrate("verify", "old.jsonl", "new.jsonl", "--tolerance", 60)
    events = migrate("verify", "old.jsonl", "events.jsonl", "--tolerance", 60)
    assert migrate("rewrite", program, "--native", "--write").code == exit_codes.OK
    run_program(program, AGI_LEDGER_PATH="none.jsonl", OTEL_EVENTS_LEDGER_PATH="native.jsonl")
    native = migrate("verify", "old.jsonl", "native.jsonl", "--tolerance", 60)

    said = "7 old events, 7 new: 7 same, 0 different, 0 missing, 0 extra\n"
    assert [(each.code, each.out) for each in (flat, events, native)] == [(exit_codes.OK, said)] * 3
    assert "ledger_emitter" not in program.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("otel_events.compat.broadcaster") is None, reason="without its drop-in")
def test_the_daemon_says_the_same_with_its_drop_in(samples, migrate, run_program):
    """System B: every event with its data, its cycle and its day; Redis may be away."""
    program = samples / "daemon.py"
    run_program(program, BROADCAST_FILE="old.jsonl")

    assert migrate("rewrite", program, "--write").code == exit_codes.OK
    run_program(program, REDIS_URL="redis://127.0.0.1:9", OTEL_EVENTS_LEDGER_PATH="events.jsonl")
    compared = migrate("verify", "old.jsonl", "events.jsonl", "--tolerance", 60)

    assert compared.out == "5 old events, 5 new: 5 same, 0 different, 0 missing, 0 extra\n"


@pytest.mark.slow
def test_the_daemon_publishes_the_same_by_a_shim(samples, migrate, run_program, tmp_path):
    """System B, scanned, unchanged, on a real Redis: what its consumers find in the stream, and each as an event."""
    program = samples / "daemon.py"
    run_program(program, BROADCAST_FILE="old.jsonl")
    (tmp_path / "redis").mkdir()

    scanned = migrate("scan", program)
    assert migrate("rewrite", program).err.endswith("1 file would change; --write writes\n")
    before = program.read_bytes()
    assert migrate("shim", samples / "broadcaster.py").code == exit_codes.OK
    with running(RedisServer(tmp_path / "redis")) as server:
        # However busy this machine is, the end of the program gets time for what it does within a moment elsewhere.
        run_program(
            program, REDIS_URL=server.url, OTEL_EVENTS_LEDGER_PATH="events.jsonl", OTEL_EVENTS_EXIT_TIMEOUT=PATIENCE
        )
        entries = server.entries()
    (tmp_path / "new.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in entries), encoding="utf-8")
    beside = ("--tolerance", 60, "--ignore", "service")

    assert "B event broadcaster: 8 sites in 1 file" in scanned.out
    assert program.read_bytes() == before
    said = "5 old events, 5 new: 5 same, 0 different, 0 missing, 0 extra\n"
    assert [migrate("verify", "old.jsonl", new, *beside).out for new in ("new.jsonl", "events.jsonl")] == [said] * 2


@pytest.mark.slow
@pytest.mark.backends
def test_the_dashboard_hears_the_same_of_a_workspace(samples, migrate, tmp_path):
    """System C has no calls: its topics are found, and what its publisher said of files is what the drop-in says of them."""
    workspace = tmp_path / "work"
    said = {"id": "T-1", "type": "refactor", "status": "completed", "result": "42 tests written"}
    front_matter = "".join(f"{key}: {value}\n" for key, value in said.items())
    path = workspace / "tasks" / "one.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"---\n{front_matter}---\n")
    old = {"timestamp": "2026-02-14T19:01:23+00:00", "trace_id": "x", "file_path": str(path), **said}
    (tmp_path / "old.jsonl").write_text(json.dumps(old) + "\n")

    scanned = migrate("scan", samples / "watcher.py")
    with running(nats_server(tmp_path / "nats")) as server, Listener(server.url, "egos.>") as listener:
        with ActivityPublisher(workspace, nats_url=server.url, heartbeat=0):
            wait_until(lambda: listener.heard)
    (tmp_path / "new.jsonl").write_text("".join(f"{json.dumps(each)}\n" for _, each in listener.heard))
    moment = ("--tolerance", 10**9)  # the old line's is of another day

    assert "C activity publisher: 2 sites in 1 file" in scanned.out
    assert migrate("verify", "old.jsonl", "new.jsonl", *moment).out.startswith("1 old event, 1 new: 1 same")


@pytest.mark.slow
def test_the_daemon_says_the_same_by_native_calls(samples, migrate, run_program):
    """System B: every event with its data, its cycle and its day."""
    program = samples / "daemon.py"
    run_program(program, BROADCAST_FILE="old.jsonl")

    assert migrate("rewrite", program, "--native", "--write").code == exit_codes.OK
    text = program.read_text(encoding="utf-8")
    text = text.replace("from otel_events.compat.broadcaster import get_broadcaster\n", "")  # what is left by hand
    program.write_text(text.replace("self.events = get_broadcaster()", "pass"), encoding="utf-8")
    run_program(program, OTEL_EVENTS_LEDGER_PATH="native.jsonl")
    native = migrate("verify", "old.jsonl", "native.jsonl", "--tolerance", 60)

    assert native.out == "5 old events, 5 new: 5 same, 0 different, 0 missing, 0 extra\n"
    assert native.code == exit_codes.OK


@pytest.mark.slow
def test_the_training_run_shows_the_same_with_its_drop_in(samples, migrate, run_program, tmp_path):
    """System D: the entries of its log; and every step is an event."""
    program = samples / "training.py"
    run_program(program, DISPLAY_FILE="old.jsonl")

    assert migrate("rewrite", program, "--write").code == exit_codes.OK
    run_program(program, DISPLAY_FILE="new.jsonl", OTEL_EVENTS_LEDGER_PATH="events.jsonl")
    compared = migrate("verify", "old.jsonl", "new.jsonl")

    assert compared.out == "3 old events, 3 new: 3 same, 0 different, 0 missing, 0 extra\n"
    lines = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines].count("reward.computed") == 50


@pytest.mark.slow
def test_the_script_says_the_same_with_its_drop_in(samples, migrate, run_program):
    """System E: the envelopes in its spool, every field; and an event of each."""
    program = samples / "script.py"
    run_program(program, COLLECTOR_URL=NOWHERE, SPOOL_DIRECTORY="old")

    assert migrate("rewrite", program, "--write").code == exit_codes.OK
    run_program(program, COLLECTOR_URL=NOWHERE, SPOOL_DIRECTORY="new", OTEL_EVENTS_LEDGER_PATH="events.jsonl")
    envelopes = migrate("verify", "./old", "./new", "--tolerance", 60)
    events = migrate("verify", "./old", "events.jsonl", "--tolerance", 60)

    said = "2 old events, 2 new: 2 same, 0 different, 0 missing, 0 extra\n"
    assert (envelopes.out, events.out) == (said, said)


@pytest.mark.slow
def test_a_shim_changes_no_program_at_all(samples, migrate, run_program, tmp_path):
    """A module under the old name, beside the program, is the drop-in."""
    program = samples / "pipeline.py"
    run_program(program, AGI_LEDGER_PATH="old.jsonl")

    assert migrate("shim", samples / "ledger_emitter.py").code == exit_codes.OK
    run_program(program, AGI_LEDGER_PATH="new.jsonl", OTEL_EVENTS_LEDGER_PATH="events.jsonl")

    assert migrate("verify", "old.jsonl", "new.jsonl", "--tolerance", 60).code == exit_codes.OK
    assert "task.started" in (tmp_path / "events.jsonl").read_text()
