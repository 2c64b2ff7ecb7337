"""`migrate scan`: where old systems are used, by import and by shape."""

import json
import os

import pytest

from otel_events.cli import exit_codes


@pytest.fixture
def sites(migrate):
    """Scan a path; return its sites as the JSON has them."""

    def scan(path, *options):
        return json.loads(migrate("scan", path, "--json", *options).out)["sites"]

    return scan


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_uses_of_all_five_systems_are_counted(migrate, samples):
    """Each program is found by what it imports, or, importing nothing, by its topics; with the files they are in."""
    answer = migrate("scan", samples, "--json")

    counted = {letter: (each["sites"], each["files"]) for letter, each in json.loads(answer.out)["systems"].items()}
    assert answer.code == exit_codes.OK
    assert counted == {"A": (8, 1), "B": (8, 1), "C": (2, 1), "D": (6, 1), "E": (2, 1)}


def test_a_site_says_what_it_would_become(sites, samples):
    """With the drop-in, by the native API, and else why not."""
    first, *_, lifecycle, alert, _, _, last = sites(samples / "pipeline.py")

    assert (first["line"], first["kind"], first["system"]) == (4, "import", "A")
    assert "from otel_events.compat.ledger_emitter import (\n    append_ledger," in first["drop_in"]
    assert lifecycle["native"].startswith('ev.emit(\n    "task.completed", task_id="demo-001", quality=0.85')
    expected = (
        'ev.emit("alert.triggered", "Proxy port not responding", severity="warning", component="proxy", port=18091)'
    )
    assert alert["native"] == expected
    assert (alert["drop_in"], alert["note"]) == (alert["code"], "")
    assert last["native"] == 'ev.emit("eval", {"task_id": task_id, "quality": 0.85})'


def test_people_read_it_as_text(migrate, samples):
    """Grouped by file, with the counts at the end."""
    answer = migrate("scan", samples)

    assert f"{samples / 'script.py'}\n  6:1      E import     import script_logger\n" in answer.out
    assert "  drop-in from otel_events.compat import script_logger\n" in answer.out
    assert "A ledger emitter: 8 sites in 1 file (otel_events.compat.ledger_emitter)\n" in answer.out
    assert answer.err == "5 files looked at\n"


def test_where_nothing_is_used_it_says_so(migrate, tmp_path):
    """And that is no failure."""
    write(tmp_path / "src" / "a.py", "print('hello')\n")

    answer = migrate("scan", "src")

    assert (answer.code, answer.out) == (exit_codes.OK, "none of the five systems is used there\n")


def test_files_that_cannot_be_parsed_are_told(migrate, tmp_path):
    """The others are listed; the exit code says that something is missing. A file that names no system is no matter."""
    write(tmp_path / "src" / "bad.py", "from ledger_emitter import emit_event\nprint 'two'\n")
    write(tmp_path / "src" / "other.py", "print 'two'\n")
    (tmp_path / "src" / "odd.py").write_bytes(b"# \xff ledger_emitter\n")
    write(tmp_path / "src" / "good.py", "from ledger_emitter import emit_event\n")

    answer = migrate("scan", "src", "--json")

    said = json.loads(answer.out)
    assert answer.code == exit_codes.INPUT
    assert [each["file"] for each in said["unparsed"]] == ["src/bad.py", "src/odd.py"]
    assert "line 2" in said["unparsed"][0]["problem"]
    assert [each["file"] for each in said["sites"]] == ["src/good.py"]
    assert "src/bad.py was left out" in answer.err


def test_ignore_files_are_honoured(sites, tmp_path):
    """As git reads them, nested and negated; virtual environments are other people's code. --no-ignore looks into all."""
    use = "from ledger_emitter import emit_event\n"
    (tmp_path / ".git").mkdir()
    write(tmp_path / ".gitignore", "build/\n*_old.py\n")
    write(tmp_path / "src" / ".otel-eventsignore", "secret.py\n!kept_old.py\n")
    for name in ("a.py", "b_old.py", "kept_old.py", "secret.py", "build/c.py", "node_modules/d.py", ".venv/lib/e.py"):
        write(tmp_path / "src" / name, use)
    write(tmp_path / "src" / ".venv" / "pyvenv.cfg", "")

    found = [each["file"] for each in sites("src")]
    unignored = [each["file"] for each in sites("src", "--no-ignore")]

    assert found == ["src/a.py", "src/kept_old.py"]
    assert unignored == ["src/a.py", "src/b_old.py", "src/build/c.py", "src/kept_old.py", "src/secret.py"]


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_links_are_not_followed(migrate, sites, tmp_path):
    """Neither beneath the path nor the path itself."""
    write(tmp_path / "elsewhere" / "a.py", "from ledger_emitter import emit_event\n")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "src" / "a.py").symlink_to(tmp_path / "elsewhere" / "a.py")

    assert sites("src") == []
    answer = migrate("scan", "src/linked")
    assert answer.code == exit_codes.INPUT
    assert "symbolic link" in answer.err


@pytest.mark.parametrize(
    ("program", "system"),
    [
        ("from fdo.memory.ledger_emitter import emit_event", "A"),
        ("from anything import emit_task_lifecycle", "A"),
        ("from . import ledger_emitter", "A"),
        ("import pkg.ledger_emitter as ledger", "A"),
        ("from v5.broadcaster import Broadcaster", "B"),
        ("from anything import get_broadcaster", "B"),
        ("topic = 'egos.llm.logs'", "C"),
        ("from karn.schema import EventLogEntry", "D"),
        ("from orchestration.log import setup_l2_logger", "E"),
        ("def setup_l2_logger(script_name): ...", "E"),
        ("patch('fdo.memory.ledger_emitter.emit_event')", "A"),
        ("importlib.import_module('fdo.memory.ledger_emitter')", "A"),
        ("__import__('broadcaster')", "B"),
    ],
)
def test_a_system_is_known_by_its_modules_and_its_words(sites, tmp_path, program, system):
    """Whatever package it lies in."""
    write(tmp_path / "a.py", f"{program}\n")

    assert [each["system"] for each in sites("a.py")] == [system]


@pytest.mark.parametrize(
    "program",
    [
        "from myapp.activity import Feed",
        "from myapp.broadcaster import Station",
        "from click import emit",
        "from metrics import get_metrics",
        "import activity",
        "# ledger_emitter",
        "'''from ledger_emitter import emit_event'''",
    ],
)
def test_what_is_only_called_alike_is_none(sites, tmp_path, program):
    """A common word is no system."""
    write(tmp_path / "a.py", f"{program}\n")

    assert sites("a.py") == []


def test_a_module_of_any_name_can_be_told(sites, tmp_path):
    """--module says what it is; another use of the word is none."""
    write(tmp_path / "a.py", "from lib.events import emit_event\nimport lib.events as events\nevents.emit_event('x')\n")

    found = sites("a.py", "--module", "lib.events=ledger_emitter")

    assert [(each["kind"], each["drop_in"]) for each in found] == [
        ("import", "from otel_events.compat.ledger_emitter import emit_event"),
        ("import", "from otel_events.compat import ledger_emitter as events"),
        ("call", "events.emit_event('x')"),
    ]


@pytest.mark.parametrize("module", ["lib", "lib=", "=ledger_emitter", "lib=other", "li b=ledger_emitter"])
def test_a_module_that_is_told_wrong_is_a_mistake(migrate, tmp_path, module):
    """One message, with what there is."""
    answer = migrate("scan", tmp_path, "--module", module)

    assert answer.code == exit_codes.USAGE
    assert "script_logger" in answer.err


def test_powershell_s_calls_are_found(sites, tmp_path):
    """By the script's name; comments are none."""
    text = '# emit_event.ps1\n& "$PSScriptRoot\\emit_event.ps1" -EventType "health_check" -Payload @{ status = "HEALTHY" }\n'
    write(tmp_path / "a.ps1", text)

    (site,) = sites("a.ps1")

    assert (site["line"], site["system"], site["kind"]) == (2, "A", "script")
    assert "otel-events languages powershell" in site["note"]


def test_what_is_on_the_drop_in_already_is_told_so(sites, tmp_path):
    """It can still become native."""
    write(tmp_path / "a.py", "from otel_events.compat.ledger_emitter import emit_event\nemit_event('eval')\n")

    assert [(each["is_moved"], each["native"]) for each in sites("a.py")] == [(True, ""), (True, "ev.emit('eval')")]


def test_a_path_that_is_not_there_is_told(migrate):
    """In one line."""
    answer = migrate("scan", "nowhere")

    assert (answer.code, answer.out) == (exit_codes.INPUT, "")
    assert "nowhere: No such file or directory" in answer.err


def test_nothing_in_a_file_moves_the_terminal(migrate, tmp_path):
    """Escape sequences in code and in names of files are written out."""
    write(tmp_path / "a.py", "from ledger_emitter import emit_event\nemit_event('a\x1b[2J')\n")

    assert "\x1b" not in migrate("scan", "a.py").out
