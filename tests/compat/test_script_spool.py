"""The script logger when its collector is away, hangs or refuses, when scripts are killed, and when there is no room."""

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.compat.scripts import PRELUDE, lines
from tests.message_servers import running, wait_until
from tests.program import PATIENCE, environment, run_program

pytestmark = pytest.mark.slow


def test_without_a_collector_envelopes_wait_as_json_for_the_next_script(scripts, collector):
    """Nobody is there: the script ends all the same, and what it said is brought by another, with old leftovers, in order."""
    ran = scripts.run('logger = setup()\nfor n in range(3): logger.error("n %d", n)')
    assert "Traceback" not in ran.err
    assert lines(scripts.waiting) == ["0", "1", "2"]
    (scripts.spool / "old.json").write_text(json.dumps({"type": "membrane.inject", "content": "from before"}))
    (scripts.spool / "torn.json").write_text('{"type": "mem')

    with running(collector):
        scripts.run('setup(); wait_for(lambda: get_metrics()["published"] == 4 and not waiting())')

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
wait_for(lambda: get_metrics()["published"] == 2 and not waiting())
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
    bring = "setup(); wait_for(lambda: not waiting())"
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
def bring(text, count):
    script_logger.BATCH_SIZE = 1
    logger.error(text)
    wait_for(lambda: get_metrics()["published"] == count)
logger = setup()
logger.error("n parent")
ev.flush(30)
process = multiprocessing.get_context("fork").Process(target=bring, args=("n child", 1))
process.start(); process.join(30)
bring("n last", 2)
"""
    with running(collector):
        scripts.run(program, PYTHONWARNINGS="ignore")

    assert lines(collector.taken()) == ["child", "last", "parent"]


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
