"""What the terminal screen costs: its start, its CPU and longest frame while events come, its memory, what it writes.

    python -m benchmarks.screen [--seconds 20]

The screen is a process on a terminal of its own (a pty), beside a program that writes a ledger at a steady rate. The first
paint is the first output that has rows on it; CPU and memory are what the system says of the process; a frame is as late
as a timer in the screen's own event loop, which is asked for every 5 ms once the screen has been there for a second.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

_PROGRAM = """
import sys, time, otel_events as ev
path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
ev.configure(service_name="training", ledger=path)
began, said = time.monotonic(), 0
while (passed := time.monotonic() - began) < seconds:
    while said < passed * rate:
        name = "seed.stage_changed" if said % 500 == 0 else "reward.computed"
        ev.emit(name, env_id=said % 4, episode=said // 10_000, step=said, reward=0.25)
        said += 1
    time.sleep(0.002)
ev.shutdown()
"""
_SCREEN = """
import asyncio, gc, sys, time
from otel_events.tui.app import Screen
from otel_events.tui.choose_source import choose_among

late = []

class Timed(Screen):
    async def on_ready(self):
        self.run_worker(self.watch_the_loop())

    async def watch_the_loop(self):
        await asyncio.sleep(1)  # what the first picture takes is the start's, which is measured by itself
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            late.append(time.perf_counter() - before - 0.005)

screen = Timed(choose_among(sys.argv[1:2]), rolls_up=sys.argv[2] == "rolled", is_slow=sys.argv[3] == "slow")
if sys.argv[3] == "slow":
    screen.use_theme("ansi")
gc.freeze()  # as the command does
screen.run()
late.sort()
print(f"LATE {late[len(late) * 99 // 100] * 1000:.1f} {late[-1] * 1000:.1f}", file=sys.stderr)
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Terminal:
    """A screen on a pty of its own."""

    def __init__(self, *arguments: str, width: int, height: int) -> None:
        self.began = time.monotonic()
        self.written = 0
        self.text = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)

    def read(self, seconds: float, until: bytes | None = None) -> bool:
        """Read for so long, or until *until* was written; return whether it was."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self._ours], [], [], left)[0]:
                try:
                    data = os.read(self._ours, 1 << 16)
                except OSError:  # it has ended
                    return until is not None and until in self.text
                self.written += len(data)
                self.text = (self.text + data)[-(1 << 20) :]
                if until is not None and until in self.text:
                    return True
        return False

    def press(self, key: str) -> None:
        """Press a key."""
        os.write(self._ours, key.encode())

    def cpu(self) -> float:
        """Return the seconds of CPU so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> float:
        """Return the MiB in use."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE / (1 << 20)

    def end(self) -> str:
        """Press q, wait, and return the last of what was said."""
        for _ in range(20):  # what is pressed while the screen begins may be thrown away
            if self.process.poll() is not None:
                break
            self.press("q")
            self.read(1)
        else:
            self.process.kill()
        self.process.wait(10)
        os.close(self._ours)
        return self.text.decode("utf-8", "replace")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        large = write_large(Path(folder) / "large.jsonl", options.events)
        tell_start(large)
        tell_memory(large, options.events)
        for rate, rolled, slow in (
            (5_000, "rolled", "quick"),
            (1_000, "rolled", "quick"),
            (1_000, "rolled", "slow"),
            (1_000, "each", "quick"),
        ):
            tell_rate(Path(folder) / "live.jsonl", rate, rolled, slow, options.seconds)


def write_large(path: Path, count: int) -> Path:
    """Write a ledger of *count* events."""
    sample = path.with_name("sample.jsonl")
    subprocess.run([sys.executable, "-c", _PROGRAM, str(sample), "5000", "2"], check=True)
    lines = [line for line in sample.read_bytes().splitlines(keepends=True) if b'"event":"otel_events' not in line]
    with path.open("wb") as file:
        written = 0
        while written < count:
            file.writelines(lines[: count - written])
            written += len(lines[: count - written])
    return path


def tell_start(path: Path) -> None:
    """Say how long it takes until rows are seen."""
    times, bare = [], []
    for _ in range(7):
        before = time.monotonic()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.monotonic() - before)
        terminal = Terminal("-m", "otel_events", "tui", str(path), width=100, height=30)
        if not terminal.read(30, b"reward.comp"):
            raise SystemExit("no rows within 30 s")
        times.append(time.monotonic() - terminal.began)
        terminal.end()
    print(
        f"start to first rows: {statistics.median(times) * 1000:.0f} ms ({min(times) * 1000:.0f}-{max(times) * 1000:.0f}); `python -c pass` {statistics.median(bare) * 1000:.0f} ms"
    )


def tell_memory(path: Path, count: int) -> None:
    """Say how much memory all of a large file takes, every event a row."""
    terminal = Terminal("-m", "otel_events", "tui", "--no-roll-up", str(path), width=100, height=30)
    terminal.read(30, b"reward.comp")
    before, began = terminal.memory(), time.monotonic()
    terminal.press("g")
    done = terminal.read(180, f"1/{count:,}".encode())
    print(
        f"{count:,} events{'' if done else ' (NOT ALL)'}: {terminal.memory():.0f} MiB ({before:.0f} before), read in {time.monotonic() - began:.0f} s"
    )
    terminal.end()


def tell_rate(path: Path, rate: int, rolled: str, slow: str, seconds: float) -> None:
    """Say what it costs while events come."""
    path.unlink(missing_ok=True)
    program = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(path), str(rate), str(seconds + 6)])
    time.sleep(2)
    terminal = Terminal("-c", _SCREEN, str(path), rolled, slow, width=80, height=24)
    terminal.read(3)
    cpu, written = terminal.cpu(), terminal.written
    terminal.read(seconds)
    share, bytes_a_second = (terminal.cpu() - cpu) / seconds, (terminal.written - written) / seconds
    said = terminal.end()
    late = said.rpartition("LATE ")[2].split()[:2]
    program.wait(60)
    print(
        f"{rate:,} events/s, {rolled}, {slow}: {share:.0%} of a core; frames late by p99 {late[0]} ms, at most {late[1]} ms; {bytes_a_second * 8 / 1000:,.0f} kbit/s to the terminal of 80x24"
    )


if __name__ == "__main__":
    main()
