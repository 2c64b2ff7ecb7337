"""The pages on sinks and relays, against the servers that they speak of: programs print and commands say what they show."""

import asyncio
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

import nats
import pytest

from otel_events.cli.relay import command as relay_command
from tests.acceptor import HttpAcceptor
from tests.message_servers import RedisServer, WebhookReceiver, missing, nats_server, running
from tests.program import ROOT, environment, run_program

pytestmark = [pytest.mark.slow, pytest.mark.backends]


def load_blocks():
    spec = importlib.util.spec_from_file_location("sinks_docs_blocks", ROOT / "tests" / "docs" / "blocks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


blocks = load_blocks()
PAGES = {
    name: blocks.find_blocks((ROOT / "docs" / name).read_text(encoding="utf-8")) for name in ("sinks.md", "relay.md")
}


def programs(page):
    """Return the Python blocks of a page that its own test leaves to this one, each with what it prints."""
    found = PAGES[page]
    for number, block in enumerate(found):
        if block.language == "python" and block.mark.startswith("not run"):
            following = found[number + 1] if number + 1 < len(found) else None
            yield block.text, following.text if following is not None and following.mark == "output" else ""


def settled(text):
    return re.sub(r"('duration': )[\d.e-]+", r"\1<seconds>", text).strip()


@pytest.fixture
def servers(tmp_path):
    """Real ones in the place of those that the pages name; return what turns a page's text into one about them."""
    for name in ("redis", "hook", "home"):
        (tmp_path / name).mkdir()
    with (
        running(RedisServer(tmp_path / "redis")) as redis,
        running(nats_server(tmp_path / "nats")) as bus,
        running(WebhookReceiver(tmp_path / "hook")) as hook,
        HttpAcceptor() as acceptor,
    ):
        places = {
            "redis://localhost:6379": redis.url,
            "nats://localhost:4222": bus.url,
            "http://localhost:8010/hook": hook.url,
            "http://localhost:4318": acceptor.url().removesuffix("/v1/logs"),
        }

        def fit(text):
            for there, here in places.items():
                text = text.replace(there, here)
            return text

        yield fit, bus


def test_the_programs_of_the_page_on_sinks(servers, tmp_path):
    """One after the other, with a Redis, a NATS and a receiver, they print what the page shows."""
    fit, _ = servers
    shown = list(programs("sinks.md"))
    assert len(shown) >= 4
    for program, output in shown:
        ran = run_program(fit(program), tmp_path / "home")

        assert (ran.code, ran.err, settled(ran.out)) == (0, "", output), program


def relay_commands():
    """Return every relay that the page or the help shows, with what it prints."""
    yield from (
        pair for block in PAGES["relay.md"] if block.language in {"console", "sh"} for pair in blocks.commands(block)
    )
    yield from ((line.strip(), "") for line in relay_command.epilog.splitlines() if "otel-events" in line)


@pytest.fixture
def folder(tmp_path):
    """The folder in which the page's commands are called."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    (home / "memory").mkdir()
    (line_block,) = (block for block in PAGES["relay.md"] if block.language == "json")
    (home / "memory" / "resonance_ledger.jsonl").write_text(line_block.text + "\n", encoding="utf-8")
    for name, script in {
        "otel-events": f'exec "{sys.executable}" -m otel_events "$@"',
        "old-program": 'echo \'{"event": "eval", "ts": 1771095684.5}\'',
    }.items():
        (home / name).write_text(f"#!/bin/sh\n{script}\n")
        (home / name).chmod(0o755)
    return home


async def make_stream(url):
    client = await nats.connect(url)
    await client.jetstream().add_stream(name="EVENTS", subjects=["events.>"])
    await client.jetstream().publish("events.task.started", b'{"event": "task_started"}')
    await client.close()


@pytest.mark.skipif(os.name != "posix", reason="the examples are for a POSIX shell")
def test_the_commands_of_the_page_on_relays(servers, folder):
    """Each ends well, those that would run for ever by Ctrl-C, and says what the page shows."""
    if shutil.which("jq") is None:
        missing("jq is not installed")
    fit, bus = servers
    asyncio.run(make_stream(bus.url))
    env = environment(folder, PATH=os.pathsep.join([str(folder), os.environ["PATH"]]))
    env |= {
        "OTEL_EVENTS_REDIS_URL": fit("redis://localhost:6379"),
        "OTEL_EVENTS_NATS_URL": fit("nats://localhost:4222"),
    }
    env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": fit("http://localhost:4318")}
    for command, output in relay_commands():
        ends = "--once" in command or "stdin" in command or "query" in command
        limited = fit(command) if ends else f"timeout -k 60 -s INT 3 {fit(command)}"
        ran = subprocess.run(limited, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=False)

        assert ran.returncode in ({0} if ends else {124, 130}), f"{command}\n{ran.stderr}"
        assert "Traceback" not in ran.stderr
        if output:
            assert ran.stdout.strip() == output
        if "--json" in command and "relay" in command:
            assert json.loads(ran.stdout)["failure"] == ""
