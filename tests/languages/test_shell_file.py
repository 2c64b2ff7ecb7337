"""otel-events.sh as a file: what can be said of it without running it."""

from __future__ import annotations

import subprocess

import pytest

from otel_events.version import VERSION
from tests.languages.speaking import LANGUAGES, ROOT, SHELL_FILE, SHELLS, require


@pytest.mark.slow
@pytest.mark.parametrize("path", [SHELL_FILE, ROOT / "examples" / "languages.sh"], ids=lambda path: path.name)
def test_shellcheck_finds_nothing(path):
    """shellcheck has nothing to say, in the dialect of POSIX."""
    require("shellcheck")

    said = subprocess.run(["shellcheck", "-x", path], cwd=path.parent, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_it(shell):
    """It is no bash."""
    require(SHELLS[shell][0])

    said = subprocess.run([*SHELLS[shell], "-n", SHELL_FILE], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")


def test_it_is_put_together_from_its_parts():
    """Every part stands in it, whole, and none of its words closes awk's program early."""
    whole = SHELL_FILE.read_text(encoding="utf-8")

    for part in (LANGUAGES / "shell" / "parts").glob("*.awk"):
        text = part.read_text(encoding="utf-8").replace("@VERSION@", VERSION)
        assert text in whole
        assert "'" not in text
