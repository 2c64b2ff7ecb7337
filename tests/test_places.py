"""Where things are kept on disk, and where they are not: places that hang on the user, the directory and the destination."""

import importlib.util
import os
import signal
from pathlib import Path

import pytest

from otel_events.spool.places import spool_directory
from tests.acceptor import HttpAcceptor, accept, answer_with
from tests.effort import rest_slow
from tests.program import ledger_events, run_program, send_rest

needs_users = pytest.mark.skipif(importlib.util.find_spec("pwd") is None, reason="needs POSIX's list of users")

# As for a user that the system does not know: `~` leads nowhere.
HOMELESS = """
import os, pwd
def unknown(uid): raise KeyError(uid)
pwd.getpwuid = unknown
for name in ("HOME", "XDG_STATE_HOME"): os.environ.pop(name)
"""


@needs_users
@pytest.mark.parametrize("mode", rest_slow(["async", "memory", "journal"]))
@pytest.mark.parametrize("configure", rest_slow(["ev.configure()", ""]))
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


@pytest.mark.slow
@needs_users
def test_without_a_home_directory_there_is_no_ledger(tmp_path):
    """Events for the default ledger wait in memory, and are counted at the end; one warning names the cure."""
    ran = run_program(
        f'{HOMELESS}ev.configure(); ev.emit("seed.planted"); print(ev.flush(20), ev.shutdown(20), dict(ev.stats().dropped))',
        tmp_path,
    )

    assert (ran.code, ran.out) == (0, "False False {'ledger_failed': 3}\n"), ran.err
    assert ran.err.count("OTEL_EVENTS_LEDGER_PATH") == len(ran.err.splitlines()) == 1, ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["program.py"]


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_relative_places_stay_where_they_were(tmp_path):
    """A program that changes its directory after it was set up, as daemons do, goes on writing in the same places."""
    (tmp_path / "elsewhere").mkdir()
    program = """
import os
ev.configure(spool_dir="spool", ledger="events.jsonl", durability="journal")
os.chdir("elsewhere")
ev.emit("seed.planted")
if (pid := os.fork()) == 0:
    ev.emit("seed.watered")
    ev.shutdown(10)
    os._exit(0)
os.waitpid(pid, 0)
ev.shutdown(10)
"""
    ran = run_program(program, tmp_path)

    names = {event["event"] for event in ledger_events(tmp_path / "events.jsonl")}
    assert names == {"seed.planted", "seed.watered"}, ran.err
    assert (tmp_path / "spool" / ".journal").is_dir()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a system where a directory in use can be deleted")
def test_a_relative_place_needs_a_current_directory(tmp_path):
    """Where the current directory was deleted, a variable with a relative path is told and not used, a keyword is an error."""
    program = """
import os
os.mkdir("gone"); os.chdir("gone"); os.rmdir("../gone")
try:
    ev.configure(spool_dir="spool")
except ev.ConfigurationError as error:
    print(error)
ev.configure()
"""
    ran = run_program(program, tmp_path, OTEL_EVENTS_LEDGER_PATH="events.jsonl")

    assert "spool_dir is relative, and the current directory is gone" in ran.out, ran.err
    assert "OTEL_EVENTS_LEDGER_PATH is relative, and the current directory is gone; it is ignored" in ran.err


@pytest.mark.slow
def test_what_waits_under_one_tenant_is_not_sent_under_another(tmp_path):
    """Another header makes another spool: who it was emitted for gets it, and nobody else; files do not show the header."""
    program = 'ev.configure(service_name="s"); ev.emit(sys.argv[1]); ev.flush(5); print(json.dumps(ev.shutdown(20)))'
    with HttpAcceptor() as acceptor:
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{acceptor.port}", "OTEL_TRACES_EXPORTER": "none"}
        acceptor.usual = answer_with(503)
        waiting = run_program(program, tmp_path, "of.a", OTEL_EXPORTER_OTLP_HEADERS="x-tenant=hunter2", **env)
        acceptor.usual = accept
        run_program(program, tmp_path, "of.b", OTEL_EXPORTER_OTLP_HEADERS="x-tenant=b", **env)
        sent_by_b = acceptor.await_names(1)
        about = [path.read_text() for path in (waiting.state / "otel-events" / "spool").rglob("about.json")]
        run_program(program, tmp_path, "more.of.a", OTEL_EXPORTER_OTLP_HEADERS="x-tenant=hunter2", **env)
        send_rest(tmp_path, OTEL_EXPORTER_OTLP_HEADERS="x-tenant=hunter2", **env)

        assert sent_by_b == ["of.b"]
        assert sorted(set(acceptor.await_names(3))) == ["more.of.a", "of.a", "of.b"]
    assert len(about) == 2
    assert "hunter2" not in str(about)


def test_an_address_alone_keeps_its_directory():
    """Where nothing but the address decides, what earlier versions left is found."""
    assert spool_directory(Path("root"), "s", "http://127.0.0.1:4318/v1/logs", "logs") == Path(
        "root", "s", "0816ed8c8fbd9b6a", "logs"
    )


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_programs_that_nobody_named_do_not_share_a_journal(tmp_path):
    """Of services without a name, each program gets its own events back after a kill, and no other's."""
    killed = "import os, signal\nev.emit('of.a')\nos.kill(os.getpid(), signal.SIGKILL)"
    other = "import time\nev.configure(); ev.emit('of.b'); ev.flush(10); time.sleep(0.5)"
    again = """
import time
until = time.monotonic() + 20
ev.configure()
while not ev.stats().adopted and time.monotonic() < until: time.sleep(0.01)
"""
    env = {"OTEL_EVENTS_DURABILITY": "journal", "OTEL_EVENTS_FLUSH_INTERVAL": "5s", "OTEL_EVENTS_EXIT_TIMEOUT": "20"}
    a, b = tmp_path / "a", tmp_path / "b"
    for home in (a, b):
        home.mkdir()
    spool = {"OTEL_EVENTS_SPOOL_DIR": str(tmp_path / "spool")}
    assert run_program(killed, a, **env, **spool).code == -signal.SIGKILL
    of_b = run_program(other, b, **env, **spool)
    of_a = run_program(again, a, **env, **spool)

    assert [event["event"] for event in of_b.default_ledger] == ["of.b"]
    assert [event["event"] for event in of_a.default_ledger] == ["of.a"]
