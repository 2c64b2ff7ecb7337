"""A terminal that nobody sees: a real one, driven by keys and read like a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATIENCE = 30  # seconds
_PAUSE = 0.05
# What another terminal has said of itself; Textual sets the sizes too.
_NOT_OURS = ("COLUMNS", "LINES", "TMUX")


class Terminal:
    """A shell in tmux.

    Args:
        folder: holds tmux's socket, and is where the shell begins.
        width: in cells.
        height: in cells.
        environment: of the shell.
    """

    def __init__(self, folder: Path, width: int, height: int, environment: Mapping[str, str]) -> None:
        self._command = [shutil.which("tmux") or "tmux", "-S", str(folder / "tmux"), "-f", os.devnull]
        self._environment = {name: value for name, value in environment.items() if name not in _NOT_OURS}
        self._folder = folder
        self._call("new-session", "-d", "-x", str(width), "-y", str(height), "sh")

    def _call(self, *arguments: str) -> str:
        done = subprocess.run(  # tmux, with keys of ours
            [*self._command, *arguments],
            env=self._environment,
            cwd=self._folder,
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=True,
        )
        return done.stdout

    def say(self, line: str) -> None:
        """Write a line and press Enter."""
        self._call("send-keys", "-l", line)
        self._call("send-keys", "Enter")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names of them."""
        for key in keys:
            self._call("send-keys", key)

    def text(self) -> str:
        """Return what can be read."""
        return self._call("capture-pane", "-p")

    def coloured(self) -> str:
        """Return what can be read with its colours, as a terminal is told of them."""
        return self._call("capture-pane", "-p", "-e", "-N")

    def until(self, *texts: str) -> None:
        """Wait until all of *texts* can be read, or raise AssertionError with what can."""
        end = time.monotonic() + _PATIENCE
        while not all(each in self.text() for each in texts):
            if time.monotonic() > end:
                raise AssertionError(self.text())
            time.sleep(_PAUSE)

    def until_gone(self, text: str) -> None:
        """Wait until *text* cannot be read any more, or raise AssertionError with what can."""
        end = time.monotonic() + _PATIENCE
        while text in self.text():
            if time.monotonic() > end:
                raise AssertionError(self.text())
            time.sleep(_PAUSE)

    def close(self) -> None:
        """End the shell and what runs in it."""
        self._call("kill-server")
