"""`otel-events tui` as a command, and in a real terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import ROOT, clean_environment

TMUX = shutil.which("tmux")
PATIENCE = 60  # seconds; reached only by a failing test


@pytest.mark.slow
def test_without_a_terminal_it_names_what_does_without(process):
    """`tail -f` is for pipes."""
    done = process("tui")

    assert done.returncode == 2
    assert "tail -f" in done.stderr


@pytest.mark.slow
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50)])
def test_in_a_real_terminal_the_screen_begins_answers_and_ends(tmp_path, ledger, event, width, height):
    """It leaves nothing behind: the shell's own screen is back, and the command's exit code is 0."""
    path = ledger(*[event("seed.germinated", number, slot_id=f"r{number}") for number in range(100)])
    with terminal(tmp_path, width, height) as tmux:
        tmux.say(f"echo before; {sys.executable} -m otel_events tui --theme nord {path}; echo ended $?")
        tmux.until("slot_id=r99", "following")
        if width >= 120:
            tmux.until("Running")
        else:
            assert "Running" not in tmux.text()
        tmux.press("?")
        tmux.until("newest, and follow")
        tmux.press("Escape")
        tmux.until_gone("newest, and follow")  # Escape and q at once would be Alt+q
        tmux.press("q")
        tmux.until("before", "ended 0")


@pytest.mark.slow
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ("NO_COLOR=1", ""),
        ("TERM=screen-16color", "--theme ansi"),
        ("TERM=vt100 LC_ALL=C", ""),
        ("TERM=xterm", "--slow"),
    ],
)
def test_on_a_poor_terminal_it_can_be_used(tmp_path, ledger, event, settings, options):
    """Without colours, with sixteen, without Unicode, over a slow line."""
    path = ledger(*[event("reward.computed", number / 100, reward=1.0) for number in range(50)], event("a.b", 2))
    with terminal(tmp_path, 80, 24) as tmux:
        tmux.say(f"{settings} {sys.executable} -m otel_events tui {options} {path}; echo ended $?")
        tmux.until("50/s", "following")
        tmux.press("q")
        tmux.until("ended 0")


@pytest.mark.slow
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_what_is_copied_is_in_the_terminals_clipboard(tmp_path, ledger, event):
    """By OSC 52; control sequences inside the event do not get there."""
    path = ledger(event("seed.germinated", 0, slot_id="r0c1", note="\x1b[2J"))
    with terminal(tmp_path, 80, 24) as tmux:
        tmux.allow_clipboard()
        tmux.say(f"{sys.executable} -m otel_events tui {path}; echo ended $?")
        tmux.until("slot_id=r0c1")
        tmux.press("Enter")
        tmux.until("c copy")
        tmux.press("c")
        tmux.until("copied as JSON")
        [copied] = [json.loads(line) for line in tmux.clipboard().splitlines()]
        assert copied["event"] == "seed.germinated"
        assert copied["attributes"]["slot_id"] == "r0c1"
        assert "\x1b" not in tmux.clipboard()
        tmux.press("q")
        tmux.until_gone("c copy")
        tmux.press("q")
        tmux.until("ended 0")


@pytest.mark.slow
@pytest.mark.skipif(TMUX is None, reason="tmux is not installed")
def test_a_storm_of_new_sizes_leaves_a_whole_screen(tmp_path, ledger, event):
    """Down to one cell; the last row is in sight afterwards, and the keys work."""
    path = ledger(*[event("seed.germinated", number, slot_id=f"r{number}") for number in range(100)])
    with terminal(tmp_path, 80, 24) as tmux:
        tmux.say(f"{sys.executable} -m otel_events tui {path}; echo ended $?")
        tmux.until("slot_id=r99", "following")
        for width, height in [(40, 10), (1, 1), (200, 50), (10, 2), (132, 43), (2, 60), (300, 3), (80, 24)] * 3:
            tmux.resize(width, height)
        tmux.until("slot_id=r99", "following")
        tmux.press("q")
        tmux.until("ended 0")


class Tmux:
    """A terminal that nobody sees."""

    def __init__(self, socket, environment, width, height):
        self._command = [TMUX, "-S", str(socket), "-f", os.devnull]
        self._environment = environment
        self._call("new-session", "-d", "-x", str(width), "-y", str(height), "sh")

    def _call(self, *arguments):
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        return done.stdout

    def say(self, line):
        self._call("send-keys", "-l", line)
        self._call("send-keys", "Enter")

    def press(self, key):
        self._call("send-keys", key)

    def resize(self, width, height):
        self._call("resize-window", "-x", str(width), "-y", str(height))

    def allow_clipboard(self):
        self._call("set-option", "-g", "set-clipboard", "on")

    def clipboard(self):
        return self._call("show-buffer")

    def text(self):
        return self._call("capture-pane", "-p")

    def until(self, *texts):
        end = time.monotonic() + PATIENCE
        while not all(text in self.text() for text in texts):
            assert time.monotonic() < end, self.text()
            time.sleep(0.05)

    def until_gone(self, text):
        end = time.monotonic() + PATIENCE
        while text in self.text():
            assert time.monotonic() < end, self.text()
            time.sleep(0.05)

    def close(self):
        self._call("kill-server")


def terminal(tmp_path, width, height):
    from contextlib import closing

    environment = clean_environment(tmp_path, PATH=os.environ["PATH"], PYTHONPATH=str(ROOT))
    for name in ("COLUMNS", "LINES"):  # Textual sets them in a process that drives a screen without a terminal
        environment.pop(name, None)
    return closing(Tmux(tmp_path / "tmux", environment, width, height))
