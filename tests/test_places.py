"""Where things are kept on disk, and where they are not: places that hang on the user, the directory and the destination."""

import importlib.util

import pytest

from tests.acceptor import HttpAcceptor
from tests.program import ledger_events, run_program

needs_users = pytest.mark.skipif(importlib.util.find_spec("pwd") is None, reason="needs POSIX's list of users")

# As for a user that the system does not know: `~` leads nowhere.
HOMELESS = """
import os, pwd
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
for name in ("HOME", "XDG_STATE_HOME"): os.environ.pop(name)
"""


@needs_users
@pytest.mark.parametrize("mode", ["memory", "async", "journal"])
@pytest.mark.parametrize("configure", ["ev.configure()", ""])
def test_without_a_home_directory_events_arrive(tmp_path, mode, configure):
    """Where there is no place for a spool they go through memory, and one warning says what to do; `memory` asks for none."""
    with HttpAcceptor() as acceptor:
        ran = run_program(
            f'{HOMELESS}{configure}\nev.emit("seed.planted"); print(json.dumps(ev.flush(10)))',
            tmp_path,
            OTEL_EVENTS_DURABILITY=mode,
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{acceptor.port}",
        )
        names = acceptor.await_names(1)

    assert (ran.code, ran.said, names) == (0, True, ["seed.planted"]), ran.err
    assert ran.err.count("OTEL_EVENTS_SPOOL_DIR") == (mode != "memory")
    assert len(ran.err.splitlines()) == (mode != "memory"), ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@needs_users
def test_without_a_home_directory_there_is_no_ledger(tmp_path):
    """Events for the default ledger wait in memory, and are counted at the end; one warning names the cure."""
    ran = run_program(
        f'{HOMELESS}ev.configure(); ev.emit("seed.planted"); print(ev.flush(1), ev.shutdown(1), dict(ev.stats().dropped))',
        tmp_path,
    )

    assert (ran.code, ran.out) == (0, "False False {'ledger_failed': 3}\n"), ran.err
    assert ran.err.count("OTEL_EVENTS_LEDGER_PATH") == len(ran.err.splitlines()) == 1, ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@needs_users
def test_without_a_home_directory_a_place_may_be_named(tmp_path):
    """The cures of the warnings work."""
    ran = run_program(
        f'{HOMELESS}ev.configure(); ev.emit("seed.planted"); print(json.dumps(ev.flush(10)))',
        tmp_path,
        OTEL_EVENTS_DURABILITY="journal",
        OTEL_EVENTS_SPOOL_DIR=str(tmp_path / "spool"),
        OTEL_EVENTS_LEDGER_PATH=str(tmp_path / "events.jsonl"),
    )

    assert (ran.said, ran.err) == (True, "")
    assert [event["event"] for event in ledger_events(tmp_path / "events.jsonl")] == ["seed.planted"]
    assert (tmp_path / "spool" / ".journal").is_dir()


@needs_users
def test_no_home_directory_holds_no_spools(tmp_path):
    """Whoever lists spools gets none."""
    ran = run_program(f"{HOMELESS}from otel_events import spool\nprint(json.dumps(spool.list_spools()))", tmp_path)

    assert ran.said == [], ran.err
