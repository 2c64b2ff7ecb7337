"""The command line as a whole: help, exit codes, pipes, signals, colour, completion."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from importlib import import_module
from pathlib import Path

import pytest

from otel_events.cli import exit_codes
from otel_events.cli.app import COMMANDS
from otel_events.reading.harmless import harmless, harmless_json
from tests.effort import rest_slow

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")


class TestHelp:
    def test_the_list_names_every_command(self, invoke):
        """`--help` says what there is, with examples."""
        answer = invoke("--help")

        assert (answer.code, answer.err) == (0, "")
        assert all(re.search(rf"^  {name} ", answer.out, re.MULTILINE) for name in COMMANDS)
        assert "Examples:" in answer.out

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_shows_examples(self, name, invoke):
        """`COMMAND --help` has examples, which call that command."""
        answer = invoke(name, "--help")

        assert answer.code == 0
        assert f"otel-events {name}" in answer.out.partition("Examples:")[2]

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_fits_a_terminal_of_80_columns(self, name, invoke, monkeypatch):
        """Examples too, and those of commands within commands, each of which has some."""
        monkeypatch.setenv("COLUMNS", "80")
        inner = getattr(import_module(COMMANDS[name][0]).command, "commands", {})

        answers = [invoke(name, "--help"), *(invoke(name, each, "--help") for each in inner)]

        assert [line for each in answers for line in each.out.splitlines() if len(line) > 80] == []
        assert all("Examples:" in each.out for each in answers)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_goes_by_the_name_in_the_list(self, name):
        """The table of commands and the modules agree."""
        assert import_module(COMMANDS[name][0]).command.name == name

    def test_the_list_imports_neither_the_sdk_nor_a_command(self, tmp_path, environment):
        """`--help` is quick because nothing is imported for it."""
        code = (
            "import sys; from otel_events.cli.app import run; run(['--help'])\n"
            "heavy = ('opentelemetry.sdk', 'grpc', 'google.protobuf', 'requests', 'orjson', 'otel_events.reading')\n"
            "print([m for m in sys.modules if m.startswith(heavy)], file=sys.stderr)"
        )
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
        )

        assert run.stderr.strip() == "[]"

    def test_version(self, process):
        """`--version` says whose it is."""
        assert process("--version").stdout.startswith("otel-events, version ")


class TestMistakes:
    def test_an_unknown_command_is_named_with_one_like_it(self, invoke):
        """A slip of the finger costs one look."""
        answer = invoke("quary")

        assert answer.code == exit_codes.USAGE
        assert "Did you mean 'query'?" in answer.err

    def test_a_missing_file_is_named(self, invoke):
        """It is an error of input, and no traceback."""
        answer = invoke("stats", "./nothing.jsonl")

        assert (answer.code, answer.err) == (exit_codes.INPUT, "Error: nothing.jsonl does not exist\n")

    def test_without_a_ledger_it_is_said_where_one_would_be(self, invoke, tmp_path):
        """A newcomer learns what to do."""
        answer = invoke("query")

        assert answer.code == exit_codes.INPUT
        assert f"{tmp_path / 'ledger.jsonl'} does not exist" in answer.err

    def test_a_wrong_filter_is_shown_with_a_mark_under_the_mistake(self, invoke, story):
        """Column by column."""
        answer = invoke("query", "task.* severity>=loud")

        assert answer.code == exit_codes.USAGE
        assert "\n  task.* severity>=loud\n                   ^\n  column 18: 'loud' is no severity" in answer.err

    def test_a_wrong_time_says_what_would_be_right(self, invoke, story):
        """Times are written in many ways, not in any."""
        answer = invoke("query", "--since", "soon")

        assert answer.code == exit_codes.USAGE
        assert "'10m'" in answer.err

    def test_a_folder_without_events_says_what_it_looked_for(self, invoke, tmp_path):
        """An empty folder is no crash."""
        (tmp_path / "empty").mkdir()

        answer = invoke("stats", "empty/")

        assert answer.code == exit_codes.INPUT
        assert ".jsonl" in answer.err

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "content", rest_slow([b"\x1f\x8b\x08half", b"", b"\x00" * 100, b"\x7fELF\x02\x01" + bytes(range(256)) * 50])
    )
    def test_empty_and_binary_files_end_without_a_traceback(self, content, process, tmp_path):
        """Whatever the file is."""
        (tmp_path / "odd.jsonl").write_bytes(content)

        run = process("stats", "odd.jsonl")

        assert run.returncode in {exit_codes.OK, exit_codes.INPUT}
        assert "Traceback" not in run.stderr

    @pytest.mark.slow
    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
    def test_a_full_disk_is_said(self, story, environment):
        """What could not be written is no success."""
        with Path("/dev/full").open("w") as full:
            run = subprocess.run(
                [sys.executable, "-m", "otel_events", "query", str(story)],
                env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip

        assert (run.returncode, run.stderr) == (exit_codes.INPUT, "Error: No space left on device\n")


@POSIX
class TestPipesAndSignals:
    @pytest.mark.slow
    def test_a_reader_that_leaves_is_no_error(self, ledger, event, environment):
        """`otel-events query | head -1`: silent, and the code that other tools end with."""
        path = ledger(*[event("task.progress", number / 100, step=number) for number in range(20_000)])
        child = subprocess.Popen(
            [sys.executable, "-m", "otel_events", "query", "--json", str(path)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        child.stdout.readline()
        child.stdout.close()
        said = child.stderr.read()
        child.stderr.close()

        assert (child.wait(30), said) == (exit_codes.BROKEN_PIPE, b"")

    def test_ctrl_c_ends_quietly(self, environment, story):
        """130, and nothing but the end of the line."""
        child = subprocess.Popen(
            [sys.executable, "-m", "otel_events", "tail", "-f", "--json", str(story)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=30)

        assert (child.returncode, said.strip()) == (exit_codes.INTERRUPTED, b"")

    @pytest.mark.parametrize("way", rest_slow(["module", "script"]))
    @pytest.mark.parametrize(
        "moment",
        rest_slow(
            ["otel_events.quiet_start", "otel_events.event", "otel_events.task", "click", "otel_events.cli.inputs"]
        ),
    )
    def test_ctrl_c_ends_quietly_before_the_command_has_begun(self, way, moment, environment, story, tmp_path):
        """130 and no traceback, whatever is just being imported."""
        script = tmp_path / "otel-events"
        script.write_text("from otel_events.cli import main\nmain()\n")
        started = {"module": ["-m", "otel_events"], "script": [str(script)]}[way]
        child = subprocess.Popen(
            [sys.executable, "-X", "importtime", *started, "tail", "-f", str(story)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        guard = threading.Timer(30, child.kill)
        guard.start()
        for line in child.stderr:
            if line.rpartition("|")[2].strip() == moment:
                child.send_signal(signal.SIGINT)
                break
        said = (
            child.stderr.read()
        )  # not by `communicate`, which does not know of what was read ahead, half a line perhaps
        child.communicate()
        guard.cancel()

        told = [line for line in said.splitlines() if not line.startswith("import time:")]
        assert (child.returncode, [line for line in told if line.strip()]) == (exit_codes.INTERRUPTED, [])

    @pytest.mark.slow
    def test_ctrl_c_stays_ignored_where_it_was(self, environment):
        """As behind `nohup`, and in the background of a script."""
        code = f"import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execv({sys.executable!r}, sys.argv[1:])"
        child = subprocess.Popen(
            [sys.executable, "-c", code, sys.executable, "-X", "importtime", "-m", "otel_events", "--version"],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while line := child.stderr.readline():
            if "otel_events.event" in line:
                child.send_signal(signal.SIGINT)
                break
        said, _ = child.communicate(timeout=30)

        assert (child.returncode, "version" in said) == (0, True)

    @pytest.mark.slow
    def test_a_program_that_imports_us_hears_of_ctrl_c_as_always(self, environment):
        """The quiet end is the command line's alone."""
        code = "import signal, otel_events; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        run = subprocess.run(
            [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
        )

        assert run.stdout == "True\n"

    @pytest.mark.slow
    def test_so_does_a_module_that_is_given_our_name(self, environment, tmp_path):
        """`python -m tool otel_events` is no command line of ours."""
        (tmp_path / "tool").mkdir()
        (tmp_path / "tool" / "__init__.py").write_text("import otel_events\n")
        (tmp_path / "tool" / "__main__.py").write_text(
            "import signal; print(signal.getsignal(signal.SIGINT).__name__)\n"
        )
        run = subprocess.run(
            [sys.executable, "-m", "tool", "otel_events"],
            env=environment(), cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert run.stdout == "default_int_handler\n"

    @pytest.mark.slow
    def test_a_program_of_our_name_may_import_us_on_any_thread(self, environment, tmp_path):
        """Where no signal can be asked for."""
        program = tmp_path / "otel-events"
        program.write_text(
            "import importlib, threading\n"
            "thread = threading.Thread(target=importlib.import_module, args=['otel_events'])\n"
            "thread.start(); thread.join()\n"
        )
        run = subprocess.run(
            [sys.executable, str(program)], env=environment(), capture_output=True, text=True, check=True
        )

        assert run.stderr == ""


class TestTerminal:
    HOSTILE = "a\x1b[31mred\x1b]0;title\x07\x9b2J\u202eevil\u2066\r\nline\x00\x7f\u200b\U000e0041"

    def test_nothing_that_a_terminal_obeys_is_left(self):
        """Controls, marks that turn the writing round, and what cannot be seen are written out."""
        text = harmless(self.HOSTILE)

        assert text.isprintable()
        assert text.startswith(r"a\x1b[31mred\x1b]0;title\x07\x9b2J\u202eevil\u2066\r\nline\x00\x7f\u200b")

    def test_ordinary_text_in_any_script_stays(self):
        """Accents, other alphabets, emoji."""
        for text in ("Grüße", "日本語", "שלום", "🙂 ok", "plain"):
            assert harmless(text) == text

    def test_json_keeps_its_meaning(self):
        """On a terminal JSON is escaped as JSON escapes."""
        import json

        value = {"said": "\u202eevil \x7f\x9b \U000e0041"}
        text = harmless_json(json.dumps(value, ensure_ascii=False))

        assert json.loads(text) == value
        assert harmless(text) == text

    @pytest.mark.parametrize(
        "command", [["query"], ["tail"], ["errors", "--stack"], ["show", "task", "t\x1b-1"], ["stats"]]
    )
    def test_no_command_lets_a_control_sequence_through(self, command, ledger, event, invoke):
        """Names, messages, keys, values, ids: all of it is somebody else's."""
        from otel_events.event import Severity

        bad = "\x1b]0;owned\x07\u202e"
        hostile = {f"k{bad}": bad, "exception.message": bad, "exception.type": bad, "exception.stacktrace": bad}
        ledger(
            event(f"x{bad}", message=bad, persona=bad, task_id="t\x1b-1", severity=Severity.ERROR, **hostile),
            event("task.started", 0.1, message=bad, persona=bad, task_id="t\x1b-1", task_name=bad, **hostile),
        )

        answer = invoke(*command)

        assert answer.code == 0
        assert not set(answer.out) & set("\x1b\x07\u202e")

    @pytest.mark.slow
    def test_colour_needs_a_terminal_and_no_no_color(self, story, environment):
        """A pipe gets none, a terminal does, NO_COLOR holds."""
        pty = pytest.importorskip("pty")

        def look(**variables):
            ours, theirs = pty.openpty()
            child = subprocess.Popen(
                [sys.executable, "-m", "otel_events", "tail", str(story)],
                env=environment(TERM="xterm", **variables), stdout=theirs, stderr=theirs, stdin=theirs,
            )  # fmt: skip
            os.close(theirs)
            shown = b""
            try:
                while data := os.read(ours, 1 << 16):
                    shown += data
            except OSError:
                pass  # the other side is closed
            child.wait(30)
            os.close(ours)
            return shown

        assert b"\x1b[" in look()
        assert b"\x1b[" not in look(NO_COLOR="1")


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_the_shell_is_told_how(self, shell, invoke):
        """A script for each, which asks the command."""
        answer = invoke("completion", shell)

        assert answer.code == 0
        assert "_OTEL_EVENTS_COMPLETE" in answer.out

    @pytest.mark.slow
    @pytest.mark.parametrize("shell", rest_slow(["bash", "zsh", "fish"]))
    def test_commands_options_and_event_names_are_completed(self, shell, environment):
        """What the script asks is answered."""

        def complete(*words):
            line = " ".join(("otel-events", *words))
            asked = {
                "_OTEL_EVENTS_COMPLETE": f"{shell}_complete",
                "COMP_WORDS": line,
                "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
            }
            command = [sys.executable, "-m", "otel_events"]
            return subprocess.run(command, env=environment(**asked), capture_output=True, text=True, check=False).stdout

        assert "query" in complete("que")
        assert "--since" in complete("stats", "--si")
        assert "evidence.added" in complete("emit", "evidence.a")
