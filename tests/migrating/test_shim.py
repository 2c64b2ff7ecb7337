"""`migrate shim`: a module under the old name that is the drop-in."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from otel_events.cli import exit_codes

ROOT = Path(__file__).resolve().parents[2]


def run_python(tmp_path, *arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    environment |= {
        "OTEL_EVENTS_LEDGER_PATH": str(tmp_path / "events.jsonl"),
        "AGI_LEDGER_PATH": str(tmp_path / "old.jsonl"),
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_a_shim_is_the_drop_in(migrate, tmp_path):
    """Not a copy: what a program sets in it holds. Also inside a package, and as a program."""
    (tmp_path / "fdo").mkdir()
    migrate("shim", "fdo/ledger_emitter.py")
    program = (
        "import fdo.ledger_emitter as old, otel_events.compat.ledger_emitter as new\n"
        "from fdo.ledger_emitter import emit_event\n"
        "import fdo\n"
        "assert old is new is fdo.ledger_emitter and emit_event is new.emit_event\n"
    )

    imported = run_python(tmp_path, "-c", program)
    executed = run_python(tmp_path, "-m", "fdo.ledger_emitter")

    assert (imported.returncode, imported.stderr) == (0, "")
    assert (executed.returncode, executed.stderr) == (0, "")


def test_nothing_is_overwritten_unless_asked(migrate, tmp_path):
    """Then what was there is kept, each time under a name of its own, with its mode."""
    path = tmp_path / "script_logger.py"
    path.write_text("mine = 1\n")
    path.chmod(0o640)

    refused = migrate("shim", path)
    kept = path.read_text()
    forced = migrate("shim", path, "--force")
    again = migrate("shim", path, "--force")
    path.write_text("mine = 2\n")
    migrate("shim", path, "--force")

    assert (refused.code, kept) == (exit_codes.INPUT, "mine = 1\n")
    assert "--force" in refused.err
    assert (forced.code, again.code) == (exit_codes.OK, exit_codes.OK)
    assert "script_logger.py.bak" in forced.err
    assert again.err == ""
    assert (tmp_path / "script_logger.py.bak").read_text() == "mine = 1\n"
    assert (tmp_path / "script_logger.py.bak1").read_text() == "mine = 2\n"
    assert "script_logger as _drop_in" in path.read_text()
    if os.name == "posix":
        assert {stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()} == {0o640}


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_or_a_folder_is_never_written(migrate, tmp_path):
    """Not even with --force."""
    (tmp_path / "elsewhere.py").write_text("mine\n")
    (tmp_path / "ledger_emitter.py").symlink_to("elsewhere.py")
    (tmp_path / "event_log.py").mkdir()

    codes = [migrate("shim", name, "--force").code for name in ("ledger_emitter.py", "event_log.py")]

    assert codes == [exit_codes.INPUT] * 2
    assert (tmp_path / "elsewhere.py").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["events.py"], exit_codes.USAGE),
        (["events.py", "--as", "other"], exit_codes.USAGE),
        (["events.txt", "--as", "event_log"], exit_codes.USAGE),
        (["nowhere/script_logger.py"], exit_codes.INPUT),
        (["events.py", "--as", "event_log"], exit_codes.OK),
        (["activity.py"], exit_codes.OK),
    ],
)
def test_which_drop_in_it_is_follows_from_its_name_or_is_said(migrate, arguments, code):
    """A mistake is one message."""
    answer = migrate("shim", *arguments)

    assert answer.code == code
    assert "Traceback" not in answer.err
