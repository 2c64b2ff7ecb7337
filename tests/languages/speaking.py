"""Programs in other languages, run as their users run them, and what a server knows of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.program import environment

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = ROOT / "languages"
SHELL_FILE = LANGUAGES / "shell" / "otel-events.sh"
JAVASCRIPT = LANGUAGES / "javascript" / "otel-events.js"
SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"], "zsh": ["zsh"]}
BEGINNING = f"set -eu\n. {SHELL_FILE}\n"


def require(command):
    """Skip the test where *command* is not installed, or fail it where CI is set."""
    if shutil.which(command) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {command} on this machine")


def run(command, home, *, input_text=None, **variables):
    """Run a program of which nothing but its output is kept; its state lives in *home*."""
    require(command[0])
    return subprocess.run(
        command,
        env=environment(home, **variables),
        cwd=home,
        input=input_text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_shell(shell, script, home, *, beginning=BEGINNING, **variables):
    """Run *script* in one of `SHELLS`; it has sourced our file, under `set -eu`."""
    path = home / "script.sh"
    path.write_text(beginning + script, encoding="utf-8")
    return run([*SHELLS[shell], str(path)], home, **variables)


def run_node(script, home, **variables):
    """Run *script* in Node, with our module's names at hand."""
    path = home / "program.mjs"
    names = "bind, configure, context, event, extract, flush, inject, stats, task"
    path.write_text(f'import {{ {names} }} from "{JAVASCRIPT.as_uri()}";\n{script}', encoding="utf-8")
    return run(["node", str(path)], home, **variables)


def events_of(server, service, *, count):
    """Return what *server* knows of a service once it has *count* events of it, in the order in which they happened."""
    from tools.backends.waiting import wait_for

    def find():
        found = server.client.get("/api/events", params={"filter": f"service={service}", "limit": 500}).json()["events"]
        mine = [event for event in found if not event["event"].startswith("otel_events.writer")]
        return mine if len(mine) >= count else None

    return sorted(wait_for(find, f"{count} events of {service}", timeout=60), key=lambda event: event["time"])


def waiting_in(home):
    """Return the files in which a shell's events wait."""
    # Not by rglob, which looks into every folder, and fails where a sender takes its own away meanwhile.
    return sorted((home / "state" / "otel-events" / "shell").glob("*/*.json"))


def senders_in(home):
    """Return the folders of the senders that are at work, or were killed."""
    return list((home / "state" / "otel-events" / "shell").glob("*/sender"))
