"""What a newcomer sees: `make demo`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from otel_events.ledger.read import read_ledger
from tools.backends.builder import missing
from tools.backends.cache import Cache

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "examples" / "demo.py"
PERSONAS = ("thesis", "antithesis", "synthesis")
PATIENCE = 60.0  # seconds; reached only by a failing test


def environment(tmp_path, **settings):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_SDK", "NO_COLOR"))}
    inherited.update(COLUMNS="120", DEMO_SECONDS="0")
    return {**inherited, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "PYTHONIOENCODING": "utf-8", **settings}


def run_demo(tmp_path, *arguments, **settings):
    return subprocess.run(  # noqa: PLW1510  # the exit code is what is tested
        [sys.executable, DEMO, *arguments],
        env=environment(tmp_path, **settings),
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def story(directory):
    """The demo's output, after a run in which the environment would send everything elsewhere."""
    run = run_demo(directory, "--keep", OTEL_SDK_DISABLED="true", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


@pytest.fixture(scope="module")
def events(story, directory):
    (ledger,) = directory.glob("otel-events-demo-*/events.jsonl")
    told = (recorded.event for recorded in read_ledger(ledger))
    return [event for event in told if not event.name.startswith("otel_events.")]


@pytest.mark.slow
def test_every_cycle_is_told_persona_by_persona(story):
    """Three cycles, in each thesis, antithesis and synthesis in their order."""
    words = [line.split() for line in story.splitlines()]
    phases = [line[-1] for line in words if line and line[-1].endswith((".start", ".end")) and "thesis" in line[-1]]

    assert phases == [f"{persona}.{end}" for persona in PERSONAS for end in ("start", "end")] * 3


@pytest.mark.slow
def test_the_failure_and_the_alert_stand_out_in_words(story):
    """What went wrong is there with its reason, and the alert with its message, right behind it."""
    lines = story.splitlines()
    (at,) = (number for number, line in enumerate(lines) if "task.failed " in line and "jq" not in line)

    assert "verify; ConnectionError: the citation index" in lines[at]
    assert "alert.triggered  Citation index away" in lines[at + 1]


@pytest.mark.slow
def test_the_totals_are_those_of_the_ledger(story, events):
    """The table has a line for each event, the totals say how many there are, and nothing is missing."""
    names = [event.name for event in events]
    rows = [line for line in story.splitlines() if line[:8].endswith(" s")]

    assert len(rows) == len(events)
    tasks = names.count("task.started")
    assert (
        f"{len(events)} events, {tasks} tasks, 1 failed, 1 alert\nemitted {len(events)} = kept {len(events)}" in story
    )


@pytest.mark.slow
def test_every_event_carries_what_was_bound_around_it(events):
    """Session everywhere, cycle within cycles, persona and task within phases; a nested task knows the one around."""
    for event in events:
        known = event.all_attributes()
        assert known["session_id"] == "s-1"
        if not event.name.startswith("session."):
            assert known["day"] == 1551
            assert known["cycle"] in (1, 2, 3)
        if event.name.startswith(("evidence.", "claim.", "decision", "task.")):
            assert known["persona"] in PERSONAS
            assert known["task_id"]
        if event.name.startswith("evidence."):
            assert known["parent_task_id"] == f"draft-{known['cycle']}"


@pytest.mark.slow
def test_piped_output_is_plain_and_fits(story):
    """No escape codes, no line of the table beyond 100 columns, nothing that a narrow encoding lacks."""
    table = [line for line in story.splitlines() if "/" not in line]

    assert "\x1b" not in story
    assert max(map(len, table)) <= 100
    assert story.isascii()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals(tmp_path, no_color, is_coloured):
    """On a terminal personas have colours, unless NO_COLOR says otherwise."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, DEMO], env=environment(tmp_path, NO_COLOR=no_color, TERM="xterm"), stdout=theirs
    )
    os.close(theirs)
    said = b""
    while chunk := read_terminal(ours):
        said += chunk
    os.close(ours)

    assert process.wait() == 0
    assert (b"\x1b[36m" in said) is is_coloured
    assert list(tmp_path.glob("otel-events-demo-*")) == []


def read_terminal(descriptor):
    try:
        return os.read(descriptor, 4096)
    except OSError:  # Linux's word for the end of it
        return b""


@pytest.mark.slow
def test_a_reader_that_leaves_early_does_no_harm(tmp_path):
    """`make demo | head` ends in peace."""
    process = subprocess.Popen(
        [sys.executable, DEMO], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()

    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()
    assert list(tmp_path.glob("otel-events-demo-*")) == []


@pytest.mark.slow
def test_its_page_can_be_looked_at_before_anything_happens(tmp_path):
    """Where no browser opens, the link comes first, and works; nobody stays without a terminal, and nothing is left."""
    process = subprocess.Popen(
        [sys.executable, DEMO],
        env={name: value for name, value in environment(tmp_path).items() if name != "DEMO_SECONDS"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = [process.stdout.readline() for _ in range(2)]
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as browser:
        page = browser.get(said[1].strip())
    rest, errors = process.communicate()

    assert said[0] == "A server of this machine runs. Its page, by a link that works once:\n"
    assert page.status_code == 200
    assert (process.returncode, errors) == (0, "")
    assert "\nThe server has ended.\n" in rest
    assert list(tmp_path.glob("otel-events-demo-*")) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a single process there")
def test_it_ends_with_a_page_that_shows_the_events_until_ctrl_c(tmp_path):
    """The link logs in, once, and --print-login makes another; the page has every event; Ctrl-C ends all and leaves nothing."""
    process = subprocess.Popen(
        [sys.executable, DEMO],
        env=environment(tmp_path, DEMO_SECONDS="60"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    told = []
    for line in process.stdout:
        told.append(line)
        if line.startswith("The server goes on for 60 seconds, or until Ctrl-C."):
            break
    link = process.stdout.readline().strip()
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as browser:
        page = browser.get(link)
        again = httpx.get(link, follow_redirects=True, timeout=PATIENCE)
        port = str(httpx.URL(link).port)
        print_login = [sys.executable, "-m", "otel_events", "serve", "--print-login", "--port", port]
        printed = subprocess.run(print_login, env=environment(tmp_path), capture_output=True, text=True, check=True)
        later = httpx.get(printed.stdout.strip(), follow_redirects=True, timeout=PATIENCE)
        listed = browser.get(page.url.join("/api/events"), params={"limit": 1000}).json()["events"]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()

    assert [line.strip() for line in told if "/login?code=" in line] == [told[1].strip()]
    assert f"  export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{port}\n" in told
    assert (page.status_code, again.status_code, later.status_code) == (200, 401, 200)
    assert [event["event"] for event in listed][:1] == ["session.start"]
    assert len(listed) == 77
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.glob("otel-events-demo-*")) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(link)


@pytest.mark.slow
def test_its_files_stay_where_that_is_wished(tmp_path):
    """--keep leaves the ledger when the page ends."""
    run = run_demo(tmp_path, "--keep", DEMO_SECONDS="0.1")

    assert (run.returncode, run.stderr) == (0, "")
    assert len(list(tmp_path.glob("otel-events-demo-*/events.jsonl"))) == 1


@pytest.mark.slow
def test_a_wrong_setting_is_told(tmp_path):
    """Which setting is wrong, on one line, and no traceback."""
    run = run_demo(tmp_path, DEMO_SECONDS="soon")

    assert (run.returncode, run.stderr) == (1, "DEMO_SECONDS must be a number of seconds, not 'soon'\n")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to a single process there")
def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path):
    """Ctrl-C ends the demo with the shell's code for it, and takes away what it had begun."""
    process = subprocess.Popen(
        [sys.executable, DEMO], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()

    assert (process.returncode, errors.strip()) == (130, "stopped; nothing is left running")
    assert list(tmp_path.iterdir()) == []


def require_backends():
    names = [recipe.name for recipe in missing(Cache.of_user())]
    if names:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{', '.join(names)}: not built; run `make backends`")


@pytest.mark.backends
def test_through_the_backends_the_same_event_is_everywhere(tmp_path):
    """`make demo BACKENDS=1` shows what Collector, Jaeger and Loki hold, and one event that is the same in all."""
    require_backends()

    run = run_demo(tmp_path, "--backends")

    assert (run.returncode, run.stderr) == (0, "")
    (collector_file,) = tmp_path.glob("otel-events-demo-*/collector/events.jsonl")
    assert f"The Collector's JSONL: {collector_file}" in run.stdout
    assert 'Loki: {event_name="claim.challenged"} | task_id="challenge-2"' in run.stdout
    assert "DIFFERS" not in run.stdout
    same = run.stdout.partition("The same event everywhere:")[2].splitlines()
    assert [line.split()[-1] for line in same if "same" in line] == ["same"] * 5
