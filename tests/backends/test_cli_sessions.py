"""What docs/cli-sessions.md shows is what the command line prints, on the demo's events and the real Collector's files."""

from __future__ import annotations

import shutil

import pytest

from tools.backends.installed import installed
from tools.backends.recipes import COLLECTOR
from tools.cli_sessions import PAGE, missing, read_sessions, terminal

pytestmark = [pytest.mark.backends, pytest.mark.slow]


def test_every_session_of_the_page_prints_what_it_shows(backends_built, tmp_path):
    """Line by line, but for times, ids and numbers; exit codes too."""
    installed(COLLECTOR)
    sessions = read_sessions(PAGE.read_text(encoding="utf-8"))
    gone = []

    with terminal(tmp_path) as shell:
        for command in (command for session in sessions for command in session):
            printed = shell.run(command.line)
            if "jq" not in command.line or shutil.which("jq") is not None:
                gone += [(command.line, line) for line in missing(command, printed)]

    assert gone == []
    assert len(sessions) > 15
