"""The activity publisher and its launcher as programs, and the NATS servers that they find, start and end."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.message_servers import PATIENCE, nats_server, running, wait_until
from tests.nats_clients import Listener
from tests.program import environment
from tools.backends.ports import free_ports

pytestmark = [
    pytest.mark.slow,
    pytest.mark.backends,
    pytest.mark.skipif(os.name == "nt", reason="POSIX signals"),
]
LAUNCHER = "otel_events.compat.activity_launcher"
# However busy this machine is, the end of a program gets time for what it does within a moment elsewhere.
UNHURRIED = {"OTEL_EVENTS_DURABILITY": "memory", "OTEL_EVENTS_EXIT_TIMEOUT": str(PATIENCE)}


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "work" / "tasks").mkdir(parents=True)
    (tmp_path / "work" / "tasks" / "one.md").write_text("---\nid: a1\n---\n")
    return tmp_path / "work"


@pytest.fixture
def nats(tmp_path):
    """A nats-server that is not started; its program is on the PATH of `launching`."""
    return nats_server(tmp_path / "nats")


@contextlib.contextmanager
def launching(workspace, *arguments, module=LAUNCHER, path=None, **env):
    """A launcher until the end of the block, which ends it as a service manager does."""
    home = workspace.parent
    folder = Path(os.environ["HOME"]) if path is None else path
    process = subprocess.Popen(
        [sys.executable, "-m", module, str(workspace), *arguments],
        env=environment(home, PATH=str(folder), **{**UNHURRIED, **env}),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def program_folder(nats):
    return Path(nats.process._command[0]).parent


def is_answering(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
        return connection.recv(5) == b"INFO "
    return False


def test_the_program_publishes_until_it_is_ended(workspace, nats):
    """A heartbeat and the newest files at once; SIGTERM ends it with success."""
    with (
        running(nats),
        Listener(nats.url, ">") as listener,
        launching(workspace, "--nats", nats.url, module="otel_events.compat.activity") as process,
    ):
        wait_until(lambda: len(listener.heard) == 2)
        (workspace / "tasks" / "two.md").write_text("---\nid: a2\n---\n")
        wait_until(lambda: len(listener.heard) == 3)

    assert process.returncode == 0
    assert [said.get("id") for _, said in listener.heard] == [None, "a1", "a2"]


def test_the_launcher_starts_a_server_where_none_answers_and_ends_it(workspace, nats):
    """For this machine alone, with a private log; at its end it has published everything, and the server is gone."""
    (port,) = free_ports(1)
    url = f"nats://127.0.0.1:{port}"
    with launching(workspace, "--nats", url, path=program_folder(nats)) as process:
        wait_until(lambda: is_answering(port))
        with Listener(url, "egos.>") as listener:
            (workspace / "tasks" / "two.md").write_text("---\nid: a2\n---\n")
            wait_until(lambda: [said["id"] for _, said in listener.heard][-1:] == ["a2"])

    log = workspace.parent / "state" / "otel-events" / "nats" / "nats-server.log"
    assert process.returncode == 0
    assert not is_answering(port)
    assert (log.stat().st_mode & 0o777, log.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert f"Listening for client connections on 127.0.0.1:{port}" in log.read_text()


def test_the_launcher_ends_no_server_that_it_has_not_started(workspace, nats):
    """One that answers is used, and goes on."""
    with running(nats):
        with (
            Listener(nats.url, "egos.>") as listener,
            launching(workspace, "--nats", nats.url, path=program_folder(nats)) as process,
        ):
            wait_until(lambda: len(listener.heard) == 1)

        assert process.returncode == 0
        assert is_answering(nats.port)


def run_to_its_end(workspace, *arguments, **more):
    with launching(workspace, *arguments, **more) as process:
        out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_a_server_elsewhere_is_not_started_here(workspace):
    """An address that is not this machine's usual one, at which none answers, is told, without its password."""
    code, out, err = run_to_its_end(workspace, "--nats", "nats://u:xk8s-secret@127.0.0.9:9")

    assert (code, out) == (2, "")
    assert "not this machine" in err
    assert "xk8s-secret" not in err


def test_without_a_program_to_start_it_says_so(workspace):
    """Nothing answers, and there is no nats-server on the PATH."""
    (port,) = free_ports(1)
    code, _, err = run_to_its_end(workspace, "--nats", f"nats://127.0.0.1:{port}", path=workspace)

    assert code == 2
    assert "no nats-server on the PATH" in err


def test_what_answers_and_is_no_nats_is_left_alone(workspace, nats):
    """A port that somebody else has is told."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with launching(workspace, "--nats", f"nats://127.0.0.1:{port}", path=program_folder(nats)) as process:
            connection, _ = other.accept()
            connection.sendall(b"220 hello\r\n")
            _, err = process.communicate(timeout=PATIENCE)
            connection.close()

    assert process.returncode == 2
    assert "is no NATS server" in err


def test_missing_packages_are_named(workspace, nats, tmp_path):
    """With the command that installs them, before anything is started."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nf = u.find_spec\n"
        "u.find_spec = lambda name, package=None: None if name in ('nats', 'watchdog') else f(name, package)\n"
    )
    paths = os.pathsep.join([str(tmp_path), environment(tmp_path)["PYTHONPATH"]])
    code, out, err = run_to_its_end(workspace, path=program_folder(nats), PYTHONPATH=paths)

    assert (code, out) == (2, "")
    assert err.strip() == "missing: nats-py, watchdog. pip install 'otel-events[nats,watch]'"
