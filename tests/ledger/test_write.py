"""Appending to a file that others append to, delete, rename and fill."""

import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from otel_events.accounting import Accounts
from otel_events.ledger.read import ReadReport, read_ledger
from otel_events.ledger.rotate import RotationSettings, ledger_files
from otel_events.ledger.write import LedgerError, LedgerFile

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="POSIX modes, limits and signals")

# A real writer in a process of its own. It says that it is ready, waits for a line, and appends batches of numbered
# events until it has made as many as it was told, or its standard input ends; then it says how many it made.
WRITER = """
    import sys, threading, time
    from otel_events.accounting import Accounts
    from otel_events.event import Event
    from otel_events.ledger.rotate import RotationSettings
    from otel_events.notices import Notices
    from otel_events.sinks import ledger
    from otel_events.sinks.ledger import LedgerSink

    ledger._PATIENCE = 60  # whoever waits in vain writes without the lock, and rotates nothing
    path, writer = sys.argv[1:3]
    total, batch, max_file_bytes = map(int, sys.argv[3:6])
    sink = LedgerSink(
        path, resource={"service.name": writer}, service=writer, writer_id=writer,
        rotation=RotationSettings(max_file_bytes=max_file_bytes), accounts=Accounts(), notices=Notices(),
    )
    print("ready", flush=True)
    sys.stdin.readline()
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    made = 0
    while made < total and not stop.is_set():
        sink.write([Event("a.b", 1, 1, body="x" * (n % 300), uid=f"{writer}-{n}") for n in range(made, made + batch)])
        made += batch
        time.sleep(0.0005)
    print(made, sink.close(time.monotonic() + 60), flush=True)
"""


def run(script, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def start(*writers):
    """Let *writers* begin at the same time."""
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()


def finish(writer):
    """Return what *writer* says at its end."""
    with writer:
        return writer.stdout.read()


def ledger_file(path, *, header=b"", rotation=None, follow_symlinks=True, accounts=None, **settings):
    return LedgerFile(
        path,
        make_header=lambda: header,
        rotation=rotation,
        follow_symlinks=follow_symlinks,
        accounts=accounts or Accounts(),
        **settings,
    )


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def read_uids(path):
    report = ReadReport()
    return Counter(found.event.uid for found in read_ledger(path, report=report)), report


def test_nothing_is_touched_before_the_first_append(tmp_path):
    """Making a writer and closing it leaves no file and no folder."""
    ledger_file(tmp_path / "a" / "events.jsonl").close()

    assert list(tmp_path.iterdir()) == []


@posix
def test_what_is_made_is_private_and_what_was_there_is_left_alone(tmp_path):
    """New files are 0600 and new folders 0700; the modes of existing ones are their owner's business."""
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    existing = shared / "existing.jsonl"
    existing.touch()
    existing.chmod(0o644)

    ledger_file(shared / "new" / "deep" / "events.jsonl").append(b"{}\n")
    ledger_file(existing).append(b"{}\n")

    made = shared / "new"
    assert [mode(path) for path in (made, made / "deep", made / "deep" / "events.jsonl")] == [0o700, 0o700, 0o600]
    assert mode(made / "deep" / "events.jsonl.lock") == 0o600
    assert (mode(shared), mode(existing)) == (0o755, 0o644)


def test_each_writer_heads_each_file_once(tmp_path):
    """The header comes first in every file, and once for each writer."""
    path = tmp_path / "events.jsonl"
    one, two = ledger_file(path, header=b"h1\n"), ledger_file(path, header=b"h2\n")

    one.append(b"1\n")
    two.append(b"2\n")
    one.append(b"3\n")
    two.append(b"4\n")

    assert path.read_bytes() == b"h1\n1\nh2\n2\n3\n4\n"


@pytest.mark.parametrize("act", ["unlink", "rename", "truncate", "folder"])
def test_a_file_that_is_taken_away_is_made_anew(tmp_path, act):
    """Deleting, renaming or emptying the ledger under a writer costs no later line, and its header comes again."""
    path = tmp_path / "folder" / "events.jsonl"
    writer = ledger_file(path, header=b"h\n")
    writer.append(b"1\n")

    if act == "truncate":
        os.truncate(path, 0)
    elif act == "unlink":
        path.unlink()
    elif act == "rename":
        path.rename(tmp_path / "old")
    else:
        path.parent.rename(tmp_path / "gone")
    writer.append(b"2\n")
    writer.append(b"3\n")

    assert path.read_bytes() == b"h\n2\n3\n"


def test_a_torn_tail_is_closed_and_takes_no_line_with_it(tmp_path):
    """Half a line that a killed writer left ends where it is; the next line begins on its own."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'1\n{"half":')
    accounts = Accounts()

    ledger_file(path, header=b"h\n", accounts=accounts).append(b"2\n")

    assert path.read_bytes() == b'1\n{"half":\nh\n2\n'
    assert accounts.problems.counts() == {"ledger_torn_tail": 1}


@posix
def test_a_symbolic_link_is_followed_only_where_it_was_asked_for(tmp_path):
    """An explicit path may be a link, and the real file is rotated; the default path may not."""
    real = tmp_path / "real" / "ledger.jsonl"
    real.parent.mkdir()
    link = tmp_path / "link.jsonl"
    link.symlink_to(real)

    with pytest.raises(LedgerError, match="symbolic link"):
        ledger_file(link, follow_symlinks=False).append(b"1\n")
    assert not real.exists()

    writer = ledger_file(link, rotation=RotationSettings(max_file_bytes=3))
    writer.append(b"1\n")
    writer.append(b"2\n")

    assert link.is_symlink()
    assert [path.read_bytes() for path in ledger_files(link)] == [b"1\n", b"2\n"]
    assert {path.parent for path in tmp_path.rglob("ledger-*")} == {real.parent}


@posix
def test_a_link_put_in_the_place_of_a_file_is_noticed(tmp_path):
    """A default path that becomes a link while it is written is refused from then on."""
    path, elsewhere = tmp_path / "events.jsonl", tmp_path / "elsewhere"
    writer = ledger_file(path, follow_symlinks=False)
    writer.append(b"1\n")

    path.rename(elsewhere)
    path.symlink_to(elsewhere)

    with pytest.raises(LedgerError, match="symbolic link"):
        writer.append(b"2\n")
    assert elsewhere.read_bytes() == b"1\n"


@posix
def test_a_pipe_is_refused_without_waiting_for_its_reader(tmp_path):
    """A path that is no regular file is an error, not a hang."""
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(LedgerError, match="not a regular file"):
        ledger_file(path).append(b"1\n")


@posix
def test_a_stopped_process_with_the_lock_holds_nobody_up(tmp_path):
    """Whoever sits on the lock, lines are appended, whole, and the fact is counted."""
    path = tmp_path / "events.jsonl"
    accounts = Accounts()
    holder = run(
        """
        import fcntl, sys
        file = open(sys.argv[1], "w")
        fcntl.flock(file, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.read()
        """,
        f"{path}.lock",
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        writer = ledger_file(path, accounts=accounts)
        for number in range(50):
            writer.append(b"%d\n" % number, patience=0.01)
        holder.stdin.close()
    writer.append(b"50\n")

    assert path.read_bytes() == b"".join(b"%d\n" % number for number in range(51))
    assert accounts.problems.counts() == {"ledger_unlocked": 50}


@posix
def test_a_full_disk_leaves_no_half_line(tmp_path):
    """What does not fit is not there at all; when there is room again, writing goes on."""
    path = tmp_path / "events.jsonl"
    script = """
        import resource, sys
        from otel_events.accounting import Accounts
        from otel_events.ledger.write import LedgerFile
        writer = LedgerFile(sys.argv[1], make_header=bytes, rotation=None, follow_symlinks=True, accounts=Accounts())
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        writer.append(b"a" * 899 + b"\\n")
        try:
            writer.append(b"b" * 199 + b"\\n")
        except OSError as error:
            print(error.strerror)
        writer.append(b"c" * 49 + b"\\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        writer.append(b"d" * 199 + b"\\n")
    """
    told = finish(run(script, path))

    assert told == "File too large\n"
    assert [(line[:1], len(line)) for line in path.read_bytes().splitlines()] == [(b"a", 899), (b"c", 49), (b"d", 199)]


@posix
def test_a_disk_that_fills_up_in_the_midst_of_many_lines_leaves_none_of_them(tmp_path):
    """What is too much for one write is put back too: all of it comes again with the next attempt, once."""
    script = """
        import resource, signal, sys
        from otel_events.accounting import Accounts
        from otel_events.ledger.write import LedgerFile

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        file = LedgerFile(
            sys.argv[1], make_header=lambda: b"", rotation=None, follow_symlinks=True, accounts=Accounts()
        )
        file.append(b"before\\n")
        lines = b"".join(b"%0*d\\n" % (500_000 if n == 500 else 400, n) for n in range(2_000))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        try:
            file.append(lines)
        except OSError:
            print(open(sys.argv[1]).read())
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        file.append(lines)
    """
    told = finish(run(script, tmp_path / "l"))

    assert told.split() == ["before"]
    assert [int(line[-4:]) for line in (tmp_path / "l").read_text().split()[1:]] == list(range(2_000))


@posix
@pytest.mark.slow
def test_four_processes_share_one_ledger_through_its_rotations(tmp_path):
    """4 x 2,000 events, files rotating under way: each is there exactly once, and every line is whole."""
    path = tmp_path / "events.jsonl"
    writers = [run(WRITER, path, f"w{index}", 2000, 10, 200_000) for index in range(4)]
    start(*writers)
    said = [finish(writer) for writer in writers]

    uids, report = read_uids(path)
    files = ledger_files(path)

    assert said == ["2000 True\n"] * 4
    assert uids == {f"w{index}-{number}": 1 for index in range(4) for number in range(2000)}
    assert (report.passed_over, report.blank) == (0, 0)
    assert len(files) > 5
    assert max(file.stat().st_size for file in files) <= 200_000


@posix
@pytest.mark.slow
def test_killing_writers_costs_at_most_the_line_they_were_writing(tmp_path):
    """20 writers killed at random beside one that lives: no event of others is torn, none is doubled, no hole is left."""
    path = tmp_path / "events.jsonl"
    chance = random.Random(3)
    steady = run(WRITER, path, "steady", 10**9, 10, 5_000_000)
    start(steady)
    for trial in range(20):
        killed = run(WRITER, path, f"killed{trial}", 10**9, 500, 5_000_000)
        start(killed)
        time.sleep(chance.uniform(0.005, 0.03))
        os.kill(killed.pid, signal.SIGKILL)
        finish(killed)
    steady.stdin.close()
    made, is_safe = finish(steady).split()

    uids, report = read_uids(path)
    numbers = defaultdict(list)
    for uid in uids:
        writer, _, number = uid.partition("-")
        numbers[writer].append(int(number))

    assert is_safe == "True"
    assert len(numbers["steady"]) == int(made)
    assert max(uids.values()) == 1
    assert all(sorted(found) == list(range(len(found))) for found in numbers.values())
    assert report.torn <= 20
    assert (report.malformed, report.foreign, report.oversized, report.unreadable) == (0, 0, 0, 0)


@pytest.mark.slow
def test_without_fcntl_the_portable_lock_is_used(tmp_path):
    """On a system without POSIX locks the same lines arrive, each once."""
    path = tmp_path / "events.jsonl"
    without = "import sys\nsys.modules['fcntl'] = None\n" + textwrap.dedent(WRITER)
    writers = [run(without, path, f"w{index}", 400, 10, 30_000) for index in range(2)]
    start(*writers)
    said = [finish(writer) for writer in writers]

    uids, report = read_uids(path)

    assert said == ["400 True\n"] * 2
    assert uids == {f"w{index}-{number}": 1 for index in range(2) for number in range(400)}
    assert report.passed_over == 0
