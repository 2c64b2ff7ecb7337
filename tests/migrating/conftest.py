"""What the tests of moving over share: programs of the five systems, as they were, and a place to run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = Path(__file__).resolve().parent / "samples"


@pytest.fixture
def samples(tmp_path):
    """A folder with the programs, and beside it the old systems."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for program in SAMPLES.glob("*.py"):
        shutil.copy(program, folder)
    return folder


@pytest.fixture
def migrate(capsys, monkeypatch, tmp_path):
    """Run a command of `migrate` in this process; return code, out and err."""
    from otel_events.cli.app import run

    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run(["migrate", *map(str, arguments)])
        captured = capsys.readouterr()
        return SimpleNamespace(code=code, out=captured.out, err=captured.err)

    return call


@pytest.fixture
def run_program(tmp_path):
    """Run a program to its end, the old systems at hand; variables are files of the test's folder, URLs, and numbers."""

    def run(program, **given):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "AGI_"))}
        path = os.pathsep.join([str(SAMPLES / "old"), str(ROOT), kept.get("PYTHONPATH", "")])
        files = {name: value for name, value in given.items() if isinstance(value, str) and "://" not in value}
        variables = {name: str(tmp_path / value if name in files else value) for name, value in given.items()}
        ended = subprocess.run(
            [sys.executable, program],
            env={**kept, "PYTHONPATH": path, "XDG_STATE_HOME": str(tmp_path / "state"), **variables},
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended

    return run


@pytest.fixture
def run_migrate(tmp_path):
    """Run a command of `migrate` in a process of its own, to its end."""

    def run(*arguments, **options):
        command = [sys.executable, "-m", "otel_events", "migrate", *map(str, arguments)]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(command, cwd=tmp_path, env=environment, timeout=60, check=True, **options)

    return run
