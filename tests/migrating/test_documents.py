"""The page on moving over: its files and commands, one after the other, do what it shows."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "migrate" / "index.md").read_text(encoding="utf-8")


def load_blocks():
    spec = importlib.util.spec_from_file_location("migrate_docs_blocks", ROOT / "tests" / "docs" / "blocks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the commands are for a POSIX shell")
def test_the_whole_way_of_the_page_works(tmp_path):
    """From an empty folder with the page's two files, through all of its commands, to the outputs that it shows."""
    blocks = load_blocks()
    found = blocks.find_blocks(PAGE)
    for block in found:
        if block.mark.startswith("not run: file"):
            path = tmp_path / block.mark.split()[-1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.text + "\n", encoding="utf-8")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, command in (("otel-events", f'"{sys.executable}" -m otel_events'), ("python", f'"{sys.executable}"')):
        (tools / name).write_text(f'#!/bin/sh\nexport PYTHONPATH="$PYTHONPATH:{ROOT}"\nexec {command} "$@"\n')
        (tools / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "AGI_"))}
    environment = {**kept, "PATH": f"{tools}{os.pathsep}{kept['PATH']}", "XDG_STATE_HOME": str(tmp_path / "state")}

    for block in found:
        for command, output in blocks.commands(block) if block.language == "console" else ():
            ended = subprocess.run(
                command,
                shell=True,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            shown = "\n".join(line.rstrip() for line in ended.stdout.strip().splitlines())
            expected = "\n".join(line.rstrip() for line in output.strip().splitlines())
            assert (ended.returncode, shown) == (0, expected), f"{command}\n{ended.stderr}"
