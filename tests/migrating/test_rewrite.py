"""`migrate rewrite`: only what has to change changes, and only where it is safe."""

import shutil
import subprocess
import sys

import pytest

from otel_events.cli import exit_codes
from otel_events.cli.app import run


@pytest.fixture
def rewritten(migrate, tmp_path):
    """Rewrite a program; return its text."""

    def rewrite(text, *options):
        path = tmp_path / "program.py"
        path.write_text(text, encoding="utf-8")
        assert migrate("rewrite", path, "--write", *options).code == exit_codes.OK
        return path.read_text(encoding="utf-8")

    return rewrite


def test_without_write_there_is_a_diff_and_nothing_else(migrate, samples):
    """The diff says what would be; the files are as they were."""
    before = {path: path.read_bytes() for path in samples.iterdir()}

    answer = migrate("rewrite", samples)

    assert answer.code == exit_codes.OK
    assert "-import script_logger\n+from otel_events.compat import script_logger\n" in answer.out
    assert answer.err.endswith("4 files would change; --write writes\n")
    assert {path: path.read_bytes() for path in samples.iterdir()} == before


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_the_diff_is_one_that_patch_takes(migrate, run_migrate, samples, tmp_path):
    """Into a pipe it goes as it is; applied, it does what --write does. A last line without an end stays one."""
    path = samples / "script.py"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    (samples / "old.py").write_bytes(b"# coding: latin-1\r\nx = '\xe9'\r\nimport ledger_emitter\r\ny = '\xe9'\r\n")
    with (tmp_path / "move.patch").open("wb") as file:
        run_migrate("rewrite", "programs", stdout=file)
    subprocess.run(["patch", "--binary", "-p1", "-i", "move.patch"], cwd=tmp_path, check=True, capture_output=True)
    patched = {each.name: each.read_bytes() for each in samples.iterdir()}
    subprocess.run(
        ["patch", "--binary", "-R", "-p1", "-i", "move.patch"], cwd=tmp_path, check=True, capture_output=True
    )

    migrate("rewrite", "programs", "--write")

    assert {each.name: each.read_bytes() for each in samples.iterdir()} == patched


def test_write_is_quiet_unless_the_diff_is_asked_for(migrate, samples):
    """And once more there is nothing to do."""
    first = migrate("rewrite", samples / "daemon.py", "--write", "--diff")
    second = migrate("rewrite", samples / "daemon.py", "--write")

    assert "+from otel_events.compat.broadcaster import emit, get_broadcaster" in first.out
    assert first.err == "1 file written\n"
    assert (second.out, second.err) == ("", "nothing to change\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "from a.b.ledger_emitter import emit_event as e, emit_alert",
            "from otel_events.compat.ledger_emitter import emit_event as e, emit_alert",
        ),
        ("from .ledger_emitter import emit_event", "from otel_events.compat.ledger_emitter import emit_event"),
        ("import ledger_emitter", "from otel_events.compat import ledger_emitter"),
        ("import a.ledger_emitter as le", "from otel_events.compat import ledger_emitter as le"),
        ("import event_emitter", "from otel_events.compat import ledger_emitter as event_emitter"),
        ("import os, ledger_emitter  # both", "import os\nfrom otel_events.compat import ledger_emitter  # both"),
        (
            "from . import ledger_emitter, other",
            "from . import other\nfrom otel_events.compat import ledger_emitter",
        ),
        ("from ledger_emitter import *", "from otel_events.compat.ledger_emitter import *"),
        (
            "from log import setup_l2_logger, rotate",
            "from log import rotate\nfrom otel_events.compat.script_logger import setup_l2_logger",
        ),
        ("import a.ledger_emitter\na.ledger_emitter.emit_event('x')", None),
        ("import ledger_emitter\nledger_emitter._private()", None),
        ("import os; import ledger_emitter", None),
        ("# import ledger_emitter\nx = 'import ledger_emitter'", None),
    ],
)
def test_an_import_comes_from_the_drop_in(rewritten, before, after):
    """Whatever its form; what the drop-in does not have stays, and what cannot be changed safely does."""
    assert rewritten(f"{before}\n") == f"{after or before}\n"


def test_what_has_to_be_done_by_hand_is_told(migrate, tmp_path):
    """With its file, its line and the reason."""
    (tmp_path / "a.py").write_text("import a.ledger_emitter\nfrom script_logger import setup_l2_logger, redact\n")

    answer = migrate("rewrite", "a.py")

    assert "a.py:1: import a.ledger_emitter: it is used by its full name; a shim can take its place\n" in answer.err
    assert "its drop-in has no 'redact'\n" in answer.err


def test_comments_and_formatting_stay(rewritten):
    """Comments go with the name beside which they stand; strange spacing is nobody's business but the author's."""
    before = """\
# before
from ledger_emitter import (  # these
    emit_event,  # the first

    # alone
    emit_alert ,
)  # after
x = [ 1,2 ]   # untouched
"""
    assert rewritten(before) == before.replace("from ledger_emitter", "from otel_events.compat.ledger_emitter")


HEAD = """\
from ledger_emitter import append_ledger, emit_alert, emit_event, emit_monitoring_snapshot, emit_system_event
from ledger_emitter import emit_task_lifecycle
"""


NATIVE = "import otel_events as ev\n"
CONVERSIONS = [
    ("emit_event('task_started')", "ev.emit('task.started')"),
    ('emit_event("of_my_own", {"a": 1})', 'ev.emit("of_my_own", {"a": 1})'),
    ("emit_event(kind, facts, t, p, s)", "ev.emit(kind, facts, task_id=t, persona=p, session_id=s)"),
    ("emit_event('eval', None, None, persona_id=p)", "ev.emit('eval', persona=p)"),
    ("emit_event(event_type='eval', payload=x)", "ev.emit('eval', x)"),
    ("emit_event('eval', task_id = t)", "ev.emit('eval', task_id = t)"),
    ("emit_task_lifecycle('started', t, goal=g)", "ev.emit('task.started', task_id=t, goal=g)"),
    ("emit_task_lifecycle('paused', t)", "ev.emit('task_paused', task_id=t)"),
    ("emit_alert('critical', f'{x} away')", "ev.emit(\"alert.triggered\", f'{x} away', severity='critical')"),
    ("emit_alert(message='m', severity='info', a=1)", "ev.emit(\"alert.triggered\", 'm', severity='info', a=1)"),
    ("emit_system_event('migration', text, to='C')", "ev.emit('migration', text, to='C')"),
    ("emit_monitoring_snapshot(metrics)", 'ev.emit("performance.metric", metrics)'),
    ("append_ledger({'task_id': t, 'event': 'eval'})", "ev.emit('eval', {'task_id': t})"),
    ("append_ledger({'event': 'replan'})", "ev.emit('replan')"),
    (
        "append_ledger({\n    'event': 'eval',\n    'a': 1,  # one\n})",
        "ev.emit('eval', {\n    'a': 1,  # one\n})",
    ),
    ("emit_event('eval', {'f': emit_event('rune')})", "ev.emit('eval', {'f': ev.emit('rune')})"),
]


@pytest.mark.parametrize(("before", "after"), CONVERSIONS)
def test_a_call_becomes_native_where_it_says_the_same(rewritten, before, after):
    """Names become canonical, ids keywords; the facts stay as they are written."""
    assert rewritten(f"{HEAD}{before}\n", "--native").rpartition("import ")[2].partition("\n")[2] == f"{after}\n"


@pytest.mark.parametrize(("before", "after"), CONVERSIONS)
def test_what_a_native_call_says_is_what_the_old_one_said(before, after, events, monkeypatch, tmp_path):
    """Executed one after the other, they are the same events: name, severity, message, attributes."""
    monkeypatch.setenv("AGI_LEDGER_PATH", str(tmp_path / "old.jsonl"))
    given = {"kind": "eval", "facts": {"a": 1}, "t": "t-1", "p": "gitko", "s": "s-1", "x": {"b": 2}, "g": "goal"}
    given |= {"text": "words", "metrics": {"cpu_percent": 12}}
    said = []
    for head, code in ((HEAD.replace("ledger_emitter", "otel_events.compat.ledger_emitter"), before), (NATIVE, after)):
        exec(f"{head}{code}", dict(given))
        said.append([(each.name, each.severity, each.message, each.attributes) for each in events])
        events.clear()

    assert said[0] == said[1]
    assert said[0]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("emit_event(*facts)", "known only when the program runs"),
        ("emit_event('eval', **facts)", "known only when the program runs"),
        ("emit_event()", "does not say 'event_type'"),
        ("emit_event('eval', 'text')", "is no mapping"),
        ("emit_event('eval', unknown=1)", "has no 'unknown'"),
        ("emit_task_lifecycle(status, t)", "status is worked out"),
        ("emit_task_lifecycle('failed', t, exception=e)", "is an option of emit"),
        ("emit_task_lifecycle('failed', t, from_='D')", "would lose its underscore"),
        ("emit_alert(level, 'm')", "severity is worked out"),
        ("emit_alert('dire', 'm')", "none that OpenTelemetry knows"),
        ("emit_alert('info', {'a': 1})", "message is no text"),
        ("x = f'{emit_monitoring_snapshot(m)}'", "inside a text"),
        ("append_ledger(record)", "put together elsewhere"),
        ("append_ledger({'event': 'eval', **more})", "not all keys"),
        ("append_ledger({'event': 'eval', 'timestamp': t})", "brings its own time"),
        ("append_ledger({'a': 1})", "no name of an event"),
        ("emit_event('eval', None,  # why\n    task_id=t)", "a comment stands beside"),
    ],
)
def test_a_call_stays_where_it_might_not_and_why_is_told(migrate, tmp_path, call, reason):
    """The import still changes, so that the call goes on by the drop-in."""
    (tmp_path / "a.py").write_text(f"{HEAD}{call}\n", encoding="utf-8")

    answer = migrate("rewrite", "a.py", "--native", "--write")

    text = (tmp_path / "a.py").read_text(encoding="utf-8")
    assert text.endswith(f"\n{call}\n")
    assert "ev." not in text
    assert "from otel_events.compat.ledger_emitter import" in text
    assert reason in answer.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from ledger_emitter import emit_event\nemit_event('eval')\n", "import otel_events as ev\nev.emit('eval')\n"),
        (
            "def f():\n    from ledger_emitter import emit_event\n    emit_event('eval')\n",
            "def f():\n    import otel_events as ev\n    ev.emit('eval')\n",
        ),
        (
            (
                "from ledger_emitter import emit_event\n# old\nfrom ledger_emitter import emit_alert\n"
                "emit_event('eval')\nemit_alert('info', 'm')\n"
            ),
            (
                "import otel_events as ev\n# old\nimport otel_events as ev\n"
                "ev.emit('eval')\nev.emit(\"alert.triggered\", 'm', severity='info')\n"
            ),
        ),
        (
            "import otel_events as ev\nfrom ledger_emitter import emit_event\nemit_event('eval')\n",
            "import otel_events as ev\nev.emit('eval')\n",
        ),
        (
            "from ledger_emitter import emit_event\nev = 1\nemit_event('eval')\n",
            "import otel_events\nev = 1\notel_events.emit('eval')\n",
        ),
        (
            "from ledger_emitter import emit_event\n__all__ = ['emit_event']\nemit_event('eval')\n",
            (
                "import otel_events as ev\nfrom otel_events.compat.ledger_emitter import emit_event\n"
                "__all__ = ['emit_event']\nev.emit('eval')\n"
            ),
        ),
        (
            "from ledger_emitter import emit_event\nx = [emit_event]\nemit_event('eval')\n",
            (
                "import otel_events as ev\nfrom otel_events.compat.ledger_emitter import emit_event\n"
                "x = [emit_event]\nev.emit('eval')\n"
            ),
        ),
        (
            "try:\n    from ledger_emitter import emit_event\nexcept ImportError:\n    emit_event = print\nemit_event('eval')\n",
            (
                "try:\n    from otel_events.compat.ledger_emitter import emit_event\nexcept ImportError:\n"
                "    emit_event = print\nemit_event('eval')\n"
            ),
        ),
        (
            "from ledger_emitter import emit_event\ndef f(emit_event):\n    emit_event('eval')\n",
            "from otel_events.compat.ledger_emitter import emit_event\ndef f(emit_event):\n    emit_event('eval')\n",
        ),
        (
            "from broadcaster import emit, set_cycle\nset_cycle(1, day=2)\nevent = emit('eval', {})\n",
            (
                "import otel_events as ev\nfrom otel_events.compat.broadcaster import emit\n"
                "ev.bind(cycle=1, day=2)\nevent = emit('eval', {})\n"
            ),
        ),
        (
            "from otel_events.compat.ledger_emitter import emit_event\nemit_event('eval')\n",
            "import otel_events as ev\nev.emit('eval')\n",
        ),
    ],
    ids=[
        "whole",
        "local",
        "comment",
        "there",
        "taken",
        "exported",
        "handed on",
        "fallback",
        "shadowed",
        "returned",
        "moved",
    ],
)
def test_imports_follow_the_calls(rewritten, before, after):
    """What is needed no more goes, what is stays; the native API comes in where it is used, under a free name."""
    assert rewritten(before, "--native") == after


def test_what_native_calls_no_longer_do_is_told(migrate, samples):
    """Lines of the old file and messages on Redis come from settings then."""
    answer = migrate("rewrite", samples, "--native")

    assert 'ledger_format="flat"' in answer.err
    assert '"shape": "broadcast"' in answer.err


def test_an_object_of_the_system_is_followed(rewritten):
    """By its name, or as an attribute of self; a name that may be something else is left alone."""
    text = rewritten(
        """\
from broadcaster import Broadcaster
b = Broadcaster()
b.emit('eval')
class Daemon:
    def __init__(self):
        self.b = Broadcaster()
        self.other = other()
    def run(self):
        self.b.emit('eval', {})
        self.other.emit('eval', {})
c = Broadcaster()
c = other()
c.emit('eval')
""",
        "--native",
    )

    assert "\nev.emit('eval')\nclass" in text
    assert "        ev.emit('eval', {})\n        self.other.emit('eval', {})\n" in text
    assert text.endswith("c.emit('eval')\n")


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    """One line tells what scan and rewrite need; the others need nothing."""
    for name in ("libcst", "pathspec"):
        monkeypatch.setitem(sys.modules, name, None)
    lines = tmp_path / "old.jsonl"
    lines.write_text('{"event": "eval", "ts": 1}\n')

    codes = [run(["migrate", command, str(tmp_path)]) for command in ("scan", "rewrite")]
    told = capsys.readouterr().err
    others = [["shim", str(tmp_path / "event_log.py")], ["verify", str(lines), str(lines)]]

    assert codes == [exit_codes.INPUT] * 2
    assert "otel-events[migrate]" in told
    assert [run(["migrate", *each]) for each in others] == [exit_codes.OK] * 2
