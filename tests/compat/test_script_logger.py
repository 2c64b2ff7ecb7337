"""The script logger against a real collector: envelopes, limits, redaction, outages, ends."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from tests.message_servers import WebhookReceiver, running, wait_until
from tests.program import PATIENCE, environment, run_program

pytestmark = pytest.mark.slow

PRELUDE = """
import logging, time
from otel_events.compat import script_logger
from otel_events.compat.script_logger import get_metrics, setup_l2_logger
script_logger.COLLECTOR_URL, script_logger.SPOOL_DIRECTORY = sys.argv[1:3]
def wait_for(condition):
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until, get_metrics()
        time.sleep(0.01)
def setup(): return setup_l2_logger("my_script", "orchestration/scripts/my_script.py")
"""
FAILING = """
def fail():
    raise ValueError("no such citizen")
logger = setup()
try:
    fail()
except ValueError:
    logger.error("Bootstrap failed for %s", "c-1", exc_info=True)
"""


def brought(count):
    """The end of a program that lets its collector take its time: a script's own end gives it but a moment."""
    return f'wait_for(lambda: get_metrics()["published"] == {count})\n'


class Scripts:
    """Programs that log to one collector, and the folder where envelopes wait for it."""

    def __init__(self, home, collector):
        self.home, self.collector = home, collector
        self.spool = home / "spool"

    def run(self, source, **env):
        ran = run_program(PRELUDE + source, self.home, self.collector.url, str(self.spool), **env)
        assert ran.code == 0, ran.err
        return ran

    @property
    def waiting(self):
        return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(self.spool.glob("*.json"))]


@pytest.fixture
def collector(tmp_path):
    (tmp_path / "collector").mkdir()
    collector = WebhookReceiver(tmp_path / "collector")
    yield collector
    collector.kill()


@pytest.fixture
def scripts(tmp_path, collector):
    return Scripts(tmp_path, collector)


def lines(envelopes):
    return sorted(envelope["content"].rpartition(" ")[2] for envelope in envelopes)


def test_the_envelope_has_every_field(scripts, collector):
    """What the collector gets is what it always got, field by field."""
    with running(collector):
        scripts.run(FAILING + brought(1))

    (envelope,) = collector.taken()
    metadata = envelope.pop("metadata")
    now = metadata.pop("timestamp_ms")
    stack = metadata.pop("stack_trace")
    fingerprint = hashlib.sha1(b"program.py::<module>|program.py::fail").hexdigest()
    key = f"my_script|ValueError|Bootstrap failed for c-1|{fingerprint}"
    assert envelope == {
        "type": "membrane.inject",
        "citizen_id": "code_substrate_orchestration_scripts_my_script_py",
        "channel": "signals.script.my_script",
        "content": "my_script: Bootstrap failed for c-1",
        "severity": "error",
        "features_raw": {"urgency": 0.7, "novelty": 0.25, "trust": 0.9},
    }
    assert re.fullmatch(rf"script_log_my_script_{now}_[0-9a-f]+", metadata.pop("stimulus_id"))
    assert isinstance(metadata.pop("line"), int)
    assert metadata == {
        "origin": "script_logger",
        "signal_type": "script_error",
        "dedupe_key": hashlib.sha1(key.encode()).hexdigest(),
        "stack_fingerprint": fingerprint,
        "script_name": "my_script",
        "script_path": "orchestration/scripts/my_script.py",
        "module": "program",
        "function": "<module>",
        "level": "ERROR",
        "error_type": "ValueError",
    }
    assert stack.startswith("Traceback")
    assert stack.endswith("ValueError: no such citizen")


def test_an_error_is_an_event_too(scripts, collector):
    """Under the canonical name, with the attributes that the catalogue has for it."""
    with running(collector):
        (event,) = scripts.run(FAILING).default_ledger

    said = event["attributes"]
    assert (event["event"], event["given_name"], event["severity"]) == ("script.error", "script_error", "ERROR")
    assert event["message"] == "Bootstrap failed for c-1"
    assert (said["script_name"], said["exception.type"], said["function"]) == ("my_script", "ValueError", "<module>")
    assert "no such citizen" in said["exception.stacktrace"]


def test_below_its_level_a_record_goes_to_the_console_alone(scripts, collector):
    """Everything is on the console, once; the collector gets what its level lets through, with its severity and urgency."""
    program = """
logger = setup_l2_logger(script_name="my_script", script_path="a.py", l2_level=logging.WARNING)
logger = setup_l2_logger(script_name="my_script", script_path="a.py", l2_level=logging.WARNING)
logging.basicConfig()
for level in ("debug", "info", "warning", "error", "critical"):
    getattr(logger, level)("said %s", level)
"""
    with running(collector):
        ran = scripts.run(program + brought(3))

    assert re.findall(r"said (\w+)", ran.err) == ["info", "warning", "error", "critical"]
    assert [(one["severity"], one["features_raw"]["urgency"]) for one in collector.taken()] == [
        ("warn", 0.4),
        ("error", 0.7),
        ("critical", 0.95),
    ]


def test_secrets_leave_neither_in_envelopes_nor_in_events(scripts, collector):
    """Values of telling keys, bearer tokens, credentials in URLs, and what the script's own patterns find."""
    program = r"""
script_logger.REDACTION_PATTERNS.append((r"cust-\d+", "cust-N"))
logger = setup()
try:
    raise ValueError("password: hunter2hunter2")
except ValueError:
    logger.exception("token=abc123 for cust-4711, Authorization: Bearer abcdef123456, https://bob:s3cr3t@host/x")
"""
    with running(collector):
        ran = scripts.run(program + brought(1))

    (envelope,) = collector.taken()
    assert envelope["content"] == (
        "my_script: token=<REDACTED> for cust-N, Authorization: Bearer <REDACTED>, https://<REDACTED>:<REDACTED>@host/x"
    )
    everything = json.dumps([envelope, ran.default_ledger])
    assert [word for word in ("hunter2", "abc123", "4711", "abcdef123456", "s3cr3t", "bob") if word in everything] == []


@pytest.mark.parametrize("pattern", ['("(", "x")', '"cust-1"', "(3, None)"])
def test_patterns_that_are_none_withhold_texts_and_no_error(scripts, collector, pattern):
    """Who would know what they were to hide? That there was an error, its kind and its place come through, with a warning."""
    program = f"""
script_logger.REDACTION_PATTERNS.append({pattern})
{FAILING}
del script_logger.REDACTION_PATTERNS[:]
logger.error("n 2")
"""
    with running(collector):
        ran = scripts.run(program + brought(2))

    withheld, whole = collector.taken()
    metadata = withheld["metadata"]
    assert (withheld["content"], whole["content"]) == ("my_script: <REDACTED>", "my_script: n 2")
    assert (metadata["error_type"], metadata["function"], metadata["stack_trace"]) == (
        "ValueError",
        "<module>",
        "<REDACTED>",
    )
    assert "REDACTION_PATTERNS" in ran.err
    assert [line["message"] for line in ran.default_ledger if line["event"] == "script.error"] == ["<REDACTED>", "n 2"]


def test_what_is_too_long_is_cut(scripts, collector):
    """Content of 500 characters, stacks of 60 lines or 16 KB, bodies of 64 KB; a message that cannot be formatted arrives as it is."""
    program = """
logger = setup()
def deep(n, error):
    if n: deep(n - 1, error)
    else: raise error
namespace = {"n": 40}
exec("\\n".join(f"def f{k}(): f{k+1}()" for k in range(80)) + "\\ndef f80(): raise ValueError()", namespace)
for attempt in (namespace["f0"], lambda: deep(3, ValueError("y" * 20000))):
    try: attempt()
    except ValueError: logger.error("x" * 1000, exc_info=True)
logger.error("no %d", "number")
setup_l2_logger("my_script", "p" * 100_000).error("long")
"""
    with running(collector):
        scripts.run(program + brought(4))

    first, second, third, fourth = collector.taken()
    assert len(first["content"]) == 500
    stack = first["metadata"]["stack_trace"].split("\n")
    assert (len(stack), stack[-1]) == (61, "...<truncated>")
    assert len(second["metadata"]["stack_trace"]) <= 16 * 1024 + 20
    assert second["metadata"]["stack_trace"].endswith("\n...<truncated>")
    assert third["content"] == "my_script: no %d"
    assert fourth["content"] == "my_script: long"
    assert max(len(request["body"].encode()) for request in collector.requests()) <= 64 * 1024


def test_without_a_collector_envelopes_wait_as_json_for_the_next_script(scripts, collector):
    """Nobody is there: the script ends all the same, and what it said is brought by another, with old leftovers, in order."""
    ran = scripts.run('logger = setup()\nfor n in range(3): logger.error("n %d", n)')
    assert "Traceback" not in ran.err
    assert lines(scripts.waiting) == ["0", "1", "2"]
    (scripts.spool / "old.json").write_text(json.dumps({"type": "membrane.inject", "content": "from before"}))
    (scripts.spool / "torn.json").write_text('{"type": "mem')

    with running(collector):
        scripts.run('setup(); wait_for(lambda: get_metrics()["published"] == 4)')

    assert [one["content"] for one in collector.taken()] == [
        "my_script: n 0",
        "my_script: n 1",
        "my_script: n 2",
        "from before",
    ]
    assert [path.name for path in scripts.spool.glob("[!.]*")] == ["torn.unreadable"]


def test_a_collector_that_comes_back_gets_all_by_itself(scripts, collector):
    """A script that goes on brings what it had put aside as soon as the collector answers, then the rest."""
    program = """
logger = setup()
logger.error("n 1")
wait_for(lambda: get_metrics()["spool_writes"] == 1)
print("away", flush=True)
sys.stdin.readline()
logger.error("n 2")
wait_for(lambda: get_metrics()["published"] == 2)
"""
    path = scripts.home / "program.py"
    path.write_text("import sys\nimport otel_events as ev\n" + PRELUDE + program)
    command = [sys.executable, str(path), collector.url, str(scripts.spool)]
    with subprocess.Popen(
        command, env=environment(scripts.home), stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True
    ) as script:
        assert script.stdout.readline() == "away\n"
        with running(collector):
            script.communicate("go\n", timeout=PATIENCE)

    assert script.returncode == 0
    assert sorted(one["content"] for one in collector.taken()) == ["my_script: n 1", "my_script: n 2"]
    assert scripts.waiting == []


def test_a_collector_that_hangs_costs_the_oldest_and_they_are_counted(scripts, collector):
    """QUEUE_CAPACITY envelopes wait in memory; older ones are dropped, and counted. At the end all that is left is on disk."""
    program = """
script_logger.QUEUE_CAPACITY = 5
script_logger.BATCH_SIZE = 1
logger = setup()
logger.error("n 0")
wait_for(lambda: get_metrics()["queued"] == 0)
for n in range(1, 11): logger.error("n %d", n)
print(json.dumps(get_metrics()))
"""
    collector.script("hang")
    with running(collector):
        said = scripts.run(program).said

    assert said == {"dropped_logs": 5, "spool_writes": 0, "published": 0, "rejected": 0, "queued": 5}
    assert lines(scripts.waiting) == ["0", "10", "6", "7", "8", "9"]


def test_answers_of_the_collector_are_heeded(scripts, collector):
    """429 and 5xx: later. What it refuses for good is counted, and holds up nothing."""
    program = """
logger = setup()
for n in range(3): logger.error("n %d", n)
wait_for(lambda: get_metrics()["published"] == 2)
print(json.dumps(get_metrics()["rejected"]))
"""
    collector.script(503, 400)
    with running(collector):
        said = scripts.run(program).said

    assert said == 1
    assert len(collector.taken()) == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_script_leaves_what_it_had_put_aside(scripts, collector):
    """`kill -9` during an outage: every envelope that `spool_writes` counts is on disk, whole."""
    program = """
import os, signal
logger = setup()
for n in range(20): logger.error("n %d", n)
wait_for(lambda: get_metrics()["spool_writes"] == 20)
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = run_program(PRELUDE + program, scripts.home, collector.url, str(scripts.spool))

    assert killed.code == -signal.SIGKILL
    assert len(scripts.waiting) == 20


def test_scripts_side_by_side_bring_each_envelope_once(scripts, collector):
    """Three scripts fill one folder, and three adopt it: nothing is lost, nothing comes twice."""
    say = 'logger = setup()\nfor n in range(20): logger.error("%s-%d", sys.argv[3], n)'
    bring = (
        'setup(); wait_for(lambda: not any(name.endswith(".json") for name in __import__("os").listdir(sys.argv[2])))'
    )
    side_by_side(scripts, say)
    assert len(scripts.waiting) == 60

    with running(collector):
        side_by_side(scripts, bring)
        wait_until(lambda: len(collector.taken()) >= 60)

    stimuli = [one["metadata"]["stimulus_id"] for one in collector.taken()]
    assert (len(stimuli), len(set(stimuli))) == (60, 60)


def side_by_side(scripts, source):
    path = scripts.home / "side.py"
    path.write_text("import sys\n" + PRELUDE + source)
    commands = [[sys.executable, str(path), scripts.collector.url, str(scripts.spool), str(n)] for n in range(3)]
    env = environment(scripts.home)
    programs = [subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL) for command in commands]
    assert [program.wait(PATIENCE) for program in programs] == [0, 0, 0]


@pytest.mark.skipif(os.name != "posix", reason="needs symbolic links")
def test_a_folder_that_is_somebody_elses_is_not_used(scripts, collector, tmp_path):
    """/tmp is everybody's: behind a link nothing is written, nothing read; envelopes wait in a folder of the user's own."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "theirs.json").write_text("{}")
    scripts.spool.symlink_to(tmp_path / "elsewhere")
    program = 'logger = setup()\nlogger.error("n 1")\nwait_for(lambda: get_metrics()["spool_writes"] == 1)'
    scripts.run(program)
    (waiting,) = tmp_path.rglob("script-spool/*.json")
    with running(collector):
        scripts.run('logger = setup()\nlogger.error("n 2")\nwait_for(lambda: get_metrics()["published"] == 2)')

    assert waiting.parent.stat().st_mode & 0o077 == 0
    assert sorted(one["content"] for one in collector.taken()) == ["my_script: n 1", "my_script: n 2"]
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["theirs.json"]


@pytest.mark.skipif(os.name != "posix", reason="needs a bound on the size of files")
def test_a_full_disk_is_told_and_counted_and_forgotten_once_there_is_room(scripts, collector):
    """What can wait nowhere is lost, but for the event; no half file stays; and what comes afterwards is kept."""
    program = """
import os, resource
def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
logger = setup()
limit(100)
logger.error("n 1")
wait_for(lambda: get_metrics()["dropped_logs"] == 1)
left = os.listdir(sys.argv[2])
limit(resource.RLIM_INFINITY)
logger.error("n 2")
wait_for(lambda: get_metrics()["spool_writes"] == 1)
print(json.dumps([left, ev.stats().problems["compat_spool_failed"]]))
"""
    ran = scripts.run(program)

    assert ran.said == [[], 1]
    assert lines(scripts.waiting) == ["2"]
    assert "errors for the collector are lost" in ran.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_brings_its_own(scripts, collector):
    """What waits at a fork is the parent's to bring, once."""
    program = """
import multiprocessing
script_logger.FLUSH_INTERVAL = 30.0
def child(): logger.error("n child")
logger = setup()
logger.error("n parent")
ev.flush(30)
process = multiprocessing.get_context("fork").Process(target=child)
process.start(); process.join(30)
"""
    with running(collector):
        scripts.run(program, PYTHONWARNINGS="ignore")

    assert lines(collector.taken()) == ["child", "parent"]


def test_without_posix_all_is_the_same(scripts, collector):
    """Neither locks nor flags of POSIX are needed to put aside and to adopt."""
    path = scripts.home / "portable.py"
    without = 'import os, sys\nsys.modules["fcntl"] = None\n'
    without += 'for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "geteuid"): delattr(os, name)\n'
    path.write_text(without + PRELUDE + 'setup().error("n %s", sys.argv[3])')
    command = [sys.executable, str(path), collector.url, str(scripts.spool)]
    env = environment(scripts.home)
    assert (
        subprocess.run([*command, "1"], env=env, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False).returncode
        == 0
    )
    assert lines(scripts.waiting) == ["1"]

    path.write_text(path.read_text() + '\nwait_for(lambda: get_metrics()["published"] == 2)')
    with running(collector):
        done = subprocess.run([*command, "2"], env=env, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)

    assert done.returncode == 0
    assert lines(collector.taken()) == ["1", "2"]
