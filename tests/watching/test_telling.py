"""What is told belongs to the task that watches, is classified by functions, and hurts nobody."""

from __future__ import annotations

import asyncio
import logging
import os

import pytest

import otel_events as ev
from otel_events.watching import FileEvent
from tests.program import run_program
from tests.watching.conftest import write


def test_events_belong_to_the_task_in_which_it_was_started(root, events):
    """Its task, its bound attributes and its trace are on each of them."""
    with ev.context(persona="editor"), ev.task("draft", task_id="t-1"), ev.watch(root):
        write(root / "a.txt", "x")

    created, started = events.one("file.created"), events.one("task.started")
    assert (created.attributes["task_id"], created.attributes["persona"]) == ("t-1", "editor")
    assert created.trace_id == started.trace_id != 0
    assert created.span_id == started.span_id


def test_it_works_in_asyncio(root, events):
    """With `async with`, and in the task of the coroutine."""

    async def main():
        async with ev.task("draft", task_id="t-1"), ev.watch(root):
            await asyncio.sleep(0)
            write(root / "a.txt", "x")

    asyncio.run(main())

    assert events.one("file.created").attributes["task_id"] == "t-1"


def test_each_classifier_is_asked_and_all_their_answers_are_told(root, events):
    """A change that none of them knows is told as what it is."""

    def note(change):
        return FileEvent("note.written", {"title": change.content.text}) if change.path.suffix == ".md" else None

    def draft(change):
        return FileEvent("draft.saved", {}, "Saved", "debug") if change.path.name.startswith("draft") else None

    with ev.watch(root, classify=[note, draft]):
        write(root / "draft.md", "# one")
    with ev.watch(root, classify=note):
        write(root / "b.txt", "x")
    with ev.watch(root, classify=[note, draft], only_classified=True):
        write(root / "c.txt", "x")

    assert [(event.name, event.message, event.severity.name) for event in events] == [
        ("note.written", None, "INFO"),
        ("draft.saved", "Saved", "DEBUG"),
        ("file.created", "File created", "INFO"),
    ]
    assert events[0].attributes == {"title": "# one"}


def test_a_classifier_that_fails_is_counted_and_the_others_go_on(root, events, caplog):
    """The change is told all the same, and the failure once."""

    def broken(change):
        raise LookupError("no such thing")

    with ev.watch(root, classify=broken, on_event=broken_callback):
        write(root / "a.txt", "x")
        write(root / "b.txt", "x")

    assert events.names == ["file.created", "file.created"]
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        "a classifier of file changes failed: LookupError('no such thing')",
        "on_event of a watcher failed: RuntimeError('nobody there')",
    ]
    assert ev.stats().problems["classifier_failed"] == 2


def broken_callback(change, event):
    raise RuntimeError("nobody there")


def test_the_newest_files_are_told_at_the_start(root, events):
    """Of those that mean anything, the oldest first, and at the time at which they were changed."""
    for second, name in enumerate(("a.md", "b.md", "c.md", "d.txt")):
        os.utime(write(root / name, name), (1_771_095_683 + second, 1_771_095_683 + second))

    def note(change):
        assert change.is_initial
        return FileEvent("note.written", {"title": change.content.text}) if change.path.suffix == ".md" else None

    with ev.watch(root, classify=note, only_classified=True, initial=2):
        pass

    assert [event.attributes["title"] for event in events] == ["b.md", "c.md"]
    assert [event.timestamp // 10**9 for event in events] == [1_771_095_684, 1_771_095_685]


def test_only_the_beginning_of_a_file_is_read(root, events):
    """A huge file costs no more than a long one, and what is no text is none."""
    with ev.watch(root, classify=lambda change: FileEvent("seen", {"length": len(change.content.text)})):
        write(root / "huge.log", "ä" * 1_000_000)
        (root / "image.png").write_bytes(b"\x89PNG\0\0")

    assert sorted(event.attributes["length"] for event in events) == [0, 32_768]


def test_secrets_in_files_do_not_leave(root, events):
    """What a classifier takes out of a file passes the guards as all events do."""
    with ev.watch(root, profile="egos"):
        write(
            root / "chat.md", "User: my key is sk-live-1234567890abcdef1234 and\npassword=hunter2hunter2\nAssistant: ok"
        )

    asked = events.one("llm.interaction").attributes
    assert "1234567890" not in asked["prompt"]
    assert "hunter2" not in asked["prompt"]
    assert "<REDACTED" in asked["prompt"]


FORKED = """
import os, time
from pathlib import Path

root = Path("root").absolute()
root.mkdir()
ev.configure(ledger=str(Path("ledger.jsonl").absolute()))
watcher = ev.watch(root, debounce=0.05).start()
pid = os.fork()
if not pid:
    fds = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    links = [os.readlink(f"/proc/self/fd/{fd}") for fd in fds if os.path.lexists(f"/proc/self/fd/{fd}")]
    inherited = watcher.is_running or any("inotify" in link for link in links)
    with ev.watch(root, debounce=0.05, on_event=lambda change, event: seen.append(event)) as own:
        seen = []
        (root / "child.txt").write_text("x")
        end = time.monotonic() + 30
        while not seen and time.monotonic() < end:
            time.sleep(0.02)
    watcher.stop()
    ev.shutdown()
    os._exit(17 if inherited or len(seen) != 1 else 0)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
(root / "parent.txt").write_text("x")
watcher.stop()
ev.shutdown()
lines = [json.loads(line) for line in Path("ledger.jsonl").read_text().splitlines()]
names = [(line["attributes"]["file.name"]) for line in lines if line["event"].startswith("file.")]
print(json.dumps({"code": code, "names": sorted(names)}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_the_child_of_a_fork_has_no_part_in_it(tmp_path):
    """The parent goes on, the child has neither thread nor file of it, and may watch for itself."""
    ran = run_program(FORKED, tmp_path)

    assert ran.said == {"code": 0, "names": ["child.txt", "child.txt", "parent.txt"]}, ran.err


def test_a_watcher_keeps_no_program_from_ending(tmp_path):
    """Its threads end with the program, whether it was stopped or not."""
    (tmp_path / "root").mkdir()
    ran = run_program("ev.watch('root').start()\nprint(json.dumps('ends'))", tmp_path)

    assert (ran.code, ran.said) == (0, "ends"), ran.err


def test_importing_the_package_imports_no_watcher(tmp_path):
    """Nor watchdog, which few programs need."""
    ran = run_program("print(json.dumps([name for name in sys.modules if 'watch' in name]))", tmp_path)

    assert ran.said == []
