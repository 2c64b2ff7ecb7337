"""The short form of `make faults`: whatever breaks, nothing acknowledged is lost, and nothing is lost silently."""

import sys

import pytest

from tools.faults.catalogue import FAULTS
from tools.faults.kills import try_kills
from tools.faults.report import Finding, render_table

posix = pytest.mark.skipif(sys.platform == "win32", reason="the faults are made with signals and forks")
pytestmark = [pytest.mark.slow, posix]


def assert_holds(finding):
    assert finding.holds, "\n" + render_table([finding])


@pytest.mark.parametrize("mode", ["async", "journal", "sync"])
@pytest.mark.backends
@pytest.mark.usefixtures("collector_built")
def test_a_kill_loses_nothing_beyond_the_window(laboratory, mode):
    """Killed at random instants, a program's next start delivers all that the mode had promised to keep."""
    finding = FAULTS[f"kill-{mode}"](laboratory)

    assert_holds(finding)
    assert finding.acknowledged > 0


@pytest.mark.backends
@pytest.mark.usefixtures("collector_built")
def test_the_trial_sees_a_loss_where_there_is_one(laboratory):
    """The same kills without a spool lose events, and the trial says so: it is not blind."""
    finding = try_kills(laboratory, "memory")

    assert not finding.holds
    assert finding.lost > 0


@pytest.mark.parametrize(
    "name", ["shared-2-journal", "shared-4-async", "outage-async", "outage-journal", "spans-async", "caps-async"]
)
@pytest.mark.backends
@pytest.mark.usefixtures("collector_built")
def test_outages_and_shared_spools_lose_nothing(laboratory, name):
    """Several killed programs on one directory, an outage, one that is larger than the caps: all delivered, or counted and told."""
    assert_holds(FAULTS[name](laboratory))


@pytest.mark.parametrize(
    "name", ["collector-frozen-sigstop-async", "end-fork-while-emitting-async", "end-prefork-server-async"]
)
@pytest.mark.backends
@pytest.mark.usefixtures("collector_built")
def test_programs_end_well_beside_the_real_collector(laboratory, name):
    """Whether it is frozen, or the program forks: the accounts add up, and all arrives."""
    assert_holds(FAULTS[name](laboratory))


@pytest.mark.room
@pytest.mark.parametrize(
    "name",
    [
        "collector-slow-loris-async",
        "collector-429-retry-after-60-journal",
        "collector-reply-lost-every-other-async",
        "collector-grpc-hangs-async",
        "end-collector-hangs-journal",
    ],
)
def test_a_collector_that_misbehaves_costs_no_event(laboratory, name):
    """The program ends in time, its accounts add up, and the next one delivers the rest."""
    assert_holds(FAULTS[name](laboratory))


@pytest.mark.room
@pytest.mark.parametrize(
    "name",
    [
        "disk-full-async",
        "disk-full-collector-away-journal",
        "disk-files-bounded-rlimit-fsize-journal",
        "disk-directory-is-a-symbolic-link-async",
        "disk-directory-vanishes-collector-away-async",
        "segment-a-bit-flipped",
        "segment-empty",
    ],
)
def test_a_disk_that_fails_costs_nothing_silently(laboratory, name):
    """What the disk takes is counted and told; the rest is delivered."""
    assert_holds(FAULTS[name](laboratory))


@pytest.mark.parametrize("name", ["100-mb-payload", "cyclic-10-000-deep", "re-entrant-emits", "clock-jumps"])
@pytest.mark.backends
@pytest.mark.usefixtures("collector_built")
def test_hostile_programs_lose_no_ordinary_event(laboratory, name):
    """Beside what no program should emit, all that every program emits arrives; nothing is raised."""
    assert_holds(FAULTS[f"hostile-{name}-async"](laboratory))


def test_a_broken_promise_is_named_below_the_table():
    """Each row has its counts, and what was broken is said in words."""
    held = Finding("kill -9", "sync", 1, 2000, 2000, 0, 3, 1)
    broken = Finding("kill -9", "async", 1, 2000, 1990, 4, 0, 1, problems=("it was silent",))

    assert render_table([held, broken]).splitlines() == [
        "| fault   | mode  | trials | events | acknowledged | lost | duplicated | told | figures |",
        "|---------|-------|--------|--------|--------------|------|------------|------|---------|",
        "| kill -9 | sync  | 1      | 2,000  | 2,000        | 0    | 3          | 1    |         |",
        "| kill -9 | async | 1      | 2,000  | 1,990        | 4    | 0          | 1    |         |",
        "",
        "BROKEN  kill -9 (async): it was silent",
        "BROKEN  kill -9 (async): 4 acknowledged events lost",
    ]
