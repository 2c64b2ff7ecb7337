"""Login links that another process asks for."""

import subprocess
import sys

import httpx
import pytest

from tests.program import PATIENCE, environment
from tests.server.served import SECRET, free_ports, run_serve, serving, start

pytestmark = pytest.mark.slow


TOKEN = {"OTEL_EVENTS_SERVER_TOKEN": SECRET}


def test_a_login_link_is_had_at_any_time(tmp_path):
    """Another process prints it, for the server that runs, wherever that listens; it opens the page once."""
    with serving(tmp_path) as served:
        link = run_serve(tmp_path, "--print-login", **TOKEN).stdout.strip()
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            answers = [client.get(link).status_code for _ in range(2)]
            with_cookie = client.get(f"http://127.0.0.1:{served.ports['page']}/api/health").status_code
        code, _ = served.end()
        after = run_serve(tmp_path, "--print-login", **TOKEN)

    assert (answers[0], with_cookie, code) == (303, 200, 0)
    assert (after.returncode, after.stdout) == (1, "")
    assert not list((tmp_path / "state" / "otel-events" / "server" / "running").iterdir())


def test_without_a_server_there_is_no_login_link(tmp_path):
    """It says how to start one, also where the last one was killed."""
    for is_killed in (False, True):
        if is_killed:
            start(tmp_path).kill()
        done = run_serve(tmp_path, "--print-login", **TOKEN)

        assert (done.returncode, done.stdout) == (1, "")
        assert "no server of this user runs: start one with 'otel-events serve'" in done.stderr


def test_of_several_servers_the_one_is_named_whose_link_is_wanted(tmp_path):
    """By its port, or its ledger; one with another token is not promised a link that it would refuse."""
    other = tmp_path / "other.jsonl"
    with serving(tmp_path) as first, serving(tmp_path, "--ledger", str(other)) as second:
        ports = [str(each.ports["page"]) for each in (first, second)]
        both = run_serve(tmp_path, "--print-login", **TOKEN)
        by_port = [run_serve(tmp_path, "--print-login", "--port", port, **TOKEN).stdout for port in ports]
        by_ledger = run_serve(tmp_path, "--print-login", "--ledger", "other.jsonl", **TOKEN).stdout
        neither = run_serve(tmp_path, "--print-login", "--port", "1", **TOKEN)
        stranger = run_serve(tmp_path, "--print-login", "--port", ports[0])

    assert (both.returncode, "choose one with --port" in both.stderr, str(other) in both.stderr) == (1, True, True)
    assert [f":{port}/login?code=" in link for port, link in zip(ports, by_port, strict=True)] == [True, True]
    assert f":{ports[1]}/login?code=" in by_ledger
    assert (neither.returncode, "no such server runs" in neither.stderr) == (1, True)
    assert (stranger.returncode, "has another token" in stranger.stderr) == (3, True)


def test_a_login_link_needs_no_token_file_to_be_named_again(tmp_path):
    """Where the server was given one, the link is signed with what is in it; a token that is set goes first."""
    file = tmp_path / "token"
    file.write_text("a-token-of-its-own-file\n")
    file.chmod(0o600)
    page, otlp, grpc = map(str, free_ports(3))
    command = [
        sys.executable,
        "-m",
        "otel_events",
        "serve",
        "--token-file",
        "token",
        "--port",
        page,
        "--otlp-port",
        otlp,
    ]
    with subprocess.Popen(
        [*command, "--grpc-port", grpc], env=environment(tmp_path), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        while not process.stderr.readline().startswith("ledger"):
            assert process.poll() is None
        link = run_serve(tmp_path, "--print-login").stdout.strip()
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            answer = client.get(link)
        stranger = run_serve(tmp_path, "--print-login", **TOKEN)
        process.terminate()
        process.communicate(timeout=PATIENCE)

    assert answer.status_code == 303
    assert (stranger.returncode, "has another token" in stranger.stderr) == (3, True)
