"""The ledger emitter in programs of their own: killed ones, several at once, buffered, forked, without POSIX."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.program import PATIENCE, environment, run_program

DEFAULT = "fdo_agi_repo/memory/resonance_ledger.jsonl"
IMPORT = "from otel_events.compat import ledger_emitter as emitter\n"
needs_kill = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# What programs do that are not converted yet.
OLD_CODE = """
import json, sys
for n in range(int(sys.argv[1])):
    with open(sys.argv[2], "a", encoding="utf-8") as ledger:
        ledger.write(json.dumps({"event": "eval", "who": "old", "n": n, "pad": "x" * 200}) + "\\n")
"""
NEW_CODE = (
    IMPORT
    + """
import sys, threading
def work(who):
    for n in range(int(sys.argv[1])):
        emitter.emit_event("eval", {"who": who, "n": n, "pad": "x" * 200})
threads = [threading.Thread(target=work, args=(f"{sys.argv[2]}-{k}",)) for k in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
)


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(source, home, *arguments, **env):
    ran = run_program(IMPORT + source, home, *arguments, **env)
    assert (ran.code, ran.err) == (0, "")
    return ran


@pytest.mark.slow
def test_without_a_path_lines_are_where_they_always_were(tmp_path):
    """The default is that of the original, and stays the same file if the program changes its directory."""
    run('import os\nemitter.emit_event("eval")\nos.chdir("/")\nemitter.emit_event("replan")', tmp_path)

    assert [record["event"] for record in records(tmp_path / DEFAULT)] == ["eval", "replan"]


def test_each_call_is_recorded_as_an_event_while_the_program_goes_on(tmp_path):
    """With nothing configured, and nothing flushed, a reader of the user's ledger finds the event."""
    program = """
import os, time
from pathlib import Path
emitter.emit_event("evidence_added", {"source": "paper.pdf"}, task_id="t")
path = Path(os.environ["XDG_STATE_HOME"], "otel-events", "events.jsonl")
def find():
    whole = path.read_text().rpartition("\\n")[0] if path.exists() else ""  # the last line is just being written
    return [line for line in whole.splitlines() if "evidence.added" in line]
until = time.monotonic() + 30
while time.monotonic() < until and not find():
    time.sleep(0.01)
line = json.loads(find()[0])
print(json.dumps([line["given_name"], line["task_id"]]))
"""
    ran = run(program, tmp_path)

    assert ran.said == ["evidence_added", "t"]


@needs_kill
@pytest.mark.slow
def test_a_killed_program_has_written_every_line_whose_call_returned(tmp_path):
    """`kill -9` right behind a call takes nothing from the ledger."""
    program = f"""{IMPORT}
import os, signal
for n in range(100):
    emitter.emit_event("eval", {{"n": n}})
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert run_program(program, tmp_path).code == -signal.SIGKILL

    assert [record["n"] for record in records(tmp_path / DEFAULT)] == list(range(100))


@pytest.mark.slow
@pytest.mark.room
def test_lines_of_old_and_new_programs_never_mix(tmp_path):
    """Two programs with threads, and one that appends by hand without a lock: every line is whole, and there."""
    path = tmp_path / "ledger.jsonl"
    env = environment(tmp_path, AGI_LEDGER_PATH=str(path))
    commands = [["-c", NEW_CODE, "150", "one"], ["-c", NEW_CODE, "150", "two"], ["-c", OLD_CODE, "300", str(path)]]
    programs = [subprocess.Popen([sys.executable, *command], env=env, cwd=tmp_path) for command in commands]
    assert [program.wait(PATIENCE) for program in programs] == [0, 0, 0]

    said = {}
    for record in records(path):
        said.setdefault(record["who"], []).append(record["n"])
    assert said == {who: list(range(150)) for who in ("one-0", "one-1", "two-0", "two-1")} | {"old": list(range(300))}


# How, and after how many lines the first are written.
BUFFERED = [
    pytest.param("emitter._BUFFER_SIZE, emitter._FLUSH_INTERVAL = 3, 3600", {}, 3, id="set"),
    pytest.param("emitter._FLUSH_INTERVAL = 0", {}, 1, id="at once"),
    pytest.param("emitter._BUFFER_SIZE, emitter._FLUSH_INTERVAL = None, 0.05", {}, 1, id="none"),
    pytest.param("", {"AGI_EVENT_BUFFER_SIZE": "3", "AGI_EVENT_FLUSH_INTERVAL": "3600"}, 3, id="size"),
    pytest.param("", {"AGI_EVENT_FLUSH_INTERVAL": "0.05"}, 1, id="interval"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("before", "env", "after"), BUFFERED)
def test_buffered_lines_are_written_by_number_or_age(tmp_path, before, env, after):
    """With AGI_EVENT_ASYNC lines wait until they are so many, or the first is so old; the end waits for neither."""
    program = f"""
import time
from pathlib import Path
{before}
path = Path("{DEFAULT}")
def written(): return len(path.read_text().splitlines()) if path.exists() else 0
def wait_for(count):
    until = time.monotonic() + 30
    while written() < count and time.monotonic() < until: time.sleep(0.01)
at_once = []
for n in range({after}):
    at_once.append(written())
    emitter.emit_event("eval", {{"n": n}})
wait_for({after})
print(json.dumps([at_once, written()]))
emitter.emit_event("eval", {{"n": "last"}})
"""
    ran = run(program, tmp_path, AGI_EVENT_ASYNC="true", **env)

    assert ran.said == [[0] * after, after]
    assert records(tmp_path / DEFAULT)[-1]["n"] == "last"


@pytest.mark.slow
def test_settings_that_are_none_are_counted_and_not_used(tmp_path):
    """A number that is none leaves the default, as the program has nobody to tell."""
    ran = run(
        'print(json.dumps([emitter._BUFFER_SIZE, emitter._FLUSH_INTERVAL, ev.stats().problems["compat_bad_setting"]]))',
        tmp_path,
        AGI_EVENT_BUFFER_SIZE="many",
        AGI_EVENT_FLUSH_INTERVAL="-1",
    )

    assert ran.said == [100, 5.0, 2]


@needs_fork
@pytest.mark.slow
def test_a_forked_child_writes_its_own_lines_and_no_other(tmp_path):
    """What waits at a fork is the parent's to write, once; the child buffers, and ends, by itself."""
    program = """
import multiprocessing
def child():
    emitter.emit_event("eval", {"who": "child"})
if __name__ == "__main__":
    emitter.emit_event("eval", {"who": "parent"})
    ev.flush(30)  # the event: a thread in the middle of its first imports is nothing to fork
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start(); process.join(30)
"""
    ran = run_program(IMPORT + program, tmp_path, AGI_EVENT_ASYNC="true", PYTHONWARNINGS="ignore")

    assert ran.code == 0
    assert sorted(record["who"] for record in records(tmp_path / DEFAULT)) == ["child", "parent"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs interval timers")
@pytest.mark.slow
def test_signal_handlers_emit_in_the_middle_of_a_call(tmp_path):
    """A handler that interrupts a call and makes one itself neither hangs nor loses a line."""
    program = """
import signal, time
handled, is_over = 0, False
def handle(number, frame):
    global handled
    handled += 1
    emitter.emit_event("replan")
    if not is_over:  # and only now: handlers on a busy machine would interrupt each other without end
        signal.setitimer(signal.ITIMER_REAL, 0.001)
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.001)
said = 0
until = time.monotonic() + 20
while handled < 200 and time.monotonic() < until:
    emitter.emit_event("eval"); said += 1
is_over = True  # to ignore the signal instead is told on standard error where one is just under way
signal.setitimer(signal.ITIMER_REAL, 0)
emitter.flush()
print(json.dumps([said, handled]))
"""
    ran = run(program, tmp_path)

    names = [record["event"] for record in records(tmp_path / DEFAULT)]
    assert [names.count("eval"), names.count("replan")] == ran.said


@pytest.mark.slow
def test_a_call_between_any_two_steps_of_a_call_loses_nothing(tmp_path):
    """As of a signal handler, which comes between two of Python's steps: each is tried, the first call of the program included."""
    program = """
import os, sys
folder, steps, place = os.path.dirname(emitter.__file__), 0, 0
def interrupt(frame, event, argument):
    global steps
    steps += event == "opcode"
    if event == "opcode" and steps == place:
        emitter.emit_event("replan")
    return interrupt
def trace(frame, event, argument):
    if frame.f_code.co_filename.startswith(folder):
        frame.f_trace_opcodes = True
        return interrupt
while steps >= place:
    steps, place = 0, place + 1
    sys.settrace(trace)
    emitter.emit_event("eval")
    sys.settrace(None)
ev.flush(60)
print(json.dumps([place, place - 1, ev.stats().problems]))
"""
    ran = run(program, tmp_path)

    names = [record["event"] for record in records(tmp_path / DEFAULT)]
    events = [event["event"] for event in ran.default_ledger]
    evals, replans, problems = ran.said
    assert replans > 100
    assert problems == {}
    for found in (names, events):
        assert [found.count("eval"), found.count("replan")] == [evals, replans]


@pytest.mark.slow
def test_the_first_call_imports_nothing(tmp_path):
    """A handler that comes in the middle of an import finds half a module, and another thread waits for it."""
    program = """
import sys, threading
names = []
class Finder:
    def find_spec(self, name, *_):
        if threading.current_thread() is threading.main_thread():
            names.append(name)
sys.meta_path.insert(0, Finder())
emitter.emit_event("eval", {"n": 1}, task_id="t-1")
emitter.emit_alert("warning", "text", component="proxy")
print(json.dumps(names))
"""
    assert run(program, tmp_path).said == []


@pytest.mark.slow
def test_without_posix_all_is_the_same(tmp_path):
    """Neither locks nor flags of POSIX are needed."""
    program = f"""
import os, sys
sys.modules["fcntl"] = None
for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "geteuid"):
    delattr(os, name)
{IMPORT}
from otel_events.ledger import write
write._IS_POSIX = False
emitter.emit_event("eval", {{"n": 1}})
emitter.emit_event("eval", {{"n": 2}})
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment(tmp_path), cwd=tmp_path, timeout=PATIENCE, check=False)

    assert done.returncode == 0
    assert [record["n"] for record in records(tmp_path / DEFAULT)] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize("is_writable", [True, False])
def test_the_self_test_says_what_it_found(tmp_path, is_writable):
    """`python -m otel_events.compat.ledger_emitter` exits with 0 if each call left its line, and with 1 if not."""
    if not is_writable:
        (tmp_path / "memory").write_bytes(b"")
    env = environment(tmp_path, AGI_LEDGER_PATH=str(tmp_path / "memory" / "ledger.jsonl"))
    command = [sys.executable, "-m", "otel_events.compat.ledger_emitter"]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert (done.returncode, done.stderr) == (0 if is_writable else 1, "")
    assert f"lines:  {7 if is_writable else 0} of 7" in done.stdout
    assert ("compat_write_failed" in done.stdout) is not is_writable
