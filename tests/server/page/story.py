"""Emit what the page's views are about. Run as a program: its events go where the environment says.

python tests/server/page/story.py            the whole story
python tests/server/page/story.py NAME N     N events of one name
python tests/server/page/story.py traced     a task in which something else is traced as well
python tests/server/page/story.py ends       a task that says something as it begins and as it ends
python tests/server/page/story.py climb N    a task of N steps, with a task beneath it; the same id each time
python tests/server/page/story.py absences   what was missed and what stalled, and some of it no longer
python tests/server/page/story.py refused    a task that fails without an exception
python tests/server/page/story.py left       a session and a cycle that nobody ends
python tests/server/page/story.py killed     the same, and the program is killed
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time

from opentelemetry import trace

import otel_events as ev

chance = random.Random(7)

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def work(cycle: int) -> None:
    try:
        with ev.task("draft", task_id=f"draft-{cycle}", goal=f"Chapter {cycle}") as task:
            with ev.task("search", task_id=f"search-{cycle}", source="paper.pdf"):
                ev.emit("evidence.added", source="paper.pdf", quality=0.82)
            ev.emit(
                "llm.interaction",
                model="llama-3",
                prompt=f"Write chapter {cycle} of the needle's tale.\n" * 40,
                response="The tide comes in.\n" * 20,
                file_path="C:\\work\\chapter.md",
            )
            if cycle == 2:
                raise TimeoutError("the model did not answer")
            task.set(quality=0.85, big=2**53 + 1, whole=1.0)
    except TimeoutError:
        ev.emit("alert.triggered", "Model away", severity="warning", component="model")


def train(cycle: int) -> None:
    for episode in range(6):
        for env_id in range(4):
            ev.emit("reward.computed", env_id=env_id, episode=episode, reward=chance.gauss(cycle, 1))


def tell() -> None:
    with ev.session("night-7", question="What is the tide?"):
        for cycle in (1, 2, 3):
            with ev.cycle(cycle, day=1551):
                with ev.phase("thesis", persona="thesis"):
                    work(cycle)
                with ev.phase("antithesis", persona="antithesis"):
                    for drive in ("hunger", "curiosity"):
                        ev.emit("state.drive", drive=drive, hunger=round(chance.random(), 3))
                train(cycle)
    ev.emit("alert.triggered", "Disk nearly full", severity="error", component="disk")
    ev.emit("alert.resolved", component="disk")
    ev.emit("wibble.happened", HOSTILE, text=HOSTILE)


def repeat(name: str, number: int) -> None:
    for index in range(number):
        ev.emit(name, f"number {index}", index=index)


def trace_too() -> None:
    tracer = trace.get_tracer("http.client")
    earlier = trace.Link(trace.SpanContext(0xABC, 0xDEF, is_remote=True), {"why": "retry of"})
    with ev.task("build", task_id="build-1"), tracer.start_as_current_span("GET /citations", links=[earlier]) as span:
        span.add_event("dns.resolved", {"host": "cite.example"})
        with ev.task("check", task_id="check-1"):
            ev.emit("quality.check", verdict="accept")


def touch_ends() -> None:
    with ev.task("long", task_id="long-1", persona="toucher"):
        ev.emit("edge.touched", side="first")
        time.sleep(0.5)
        ev.emit("edge.touched", side="last")


def climb(steps: int) -> None:
    with ev.session("expedition"), ev.cycle(1), ev.task("climb", task_id="climb-1", persona="climber") as task:
        with ev.task("pack", task_id="pack-1"):
            ev.emit("rope.packed", length=30)
        for step in range(steps):
            ev.emit("step.taken", height=step)
        task.set(height=steps)


def miss() -> None:
    for component in ("tide-gauge", "lamp"):
        ev.emit("heartbeat.missed", component=component, expected_within=90.0)
    ev.emit("heartbeat.missed.resolved", component="lamp", duration=12.5)
    for task_id in ("mend-nets", "trim-wick"):
        ev.emit("task.stalled", task_id=task_id, expected_within=60.0)
    ev.emit("task.stalled.resolved", task_id="trim-wick", duration=3.0)
    for session_id in ("long-night", "short-night"):
        ev.emit("cycle.stalled", session_id=session_id, expected_within=600.0)
    ev.emit("cycle.stalled.resolved", session_id="short-night", duration=4.0)


def refuse() -> None:
    with ev.task("pay", task_id="pay-1") as task:
        task.fail("card refused")


def die() -> None:
    leave()
    ev.flush(20)
    os.kill(os.getpid(), signal.SIGKILL)


def leave() -> None:
    ev.session("left-open").__enter__()
    ev.cycle(1).__enter__()
    ev.task("mend", task_id="mend-1", persona="mender").__enter__()


if __name__ == "__main__":
    ev.configure(service_name=os.environ.get("STORY_SERVICE", "storyteller"))
    if sys.argv[1:] == ["traced"]:
        trace_too()
    elif sys.argv[1:] == ["ends"]:
        touch_ends()
    elif sys.argv[1:] == ["absences"]:
        miss()
    elif sys.argv[1:] == ["refused"]:
        refuse()
    elif sys.argv[1:] == ["left"]:
        leave()
    elif sys.argv[1:] == ["killed"]:
        die()
    elif sys.argv[1:2] == ["climb"]:
        climb(int(sys.argv[2]))
    elif len(sys.argv) > 1:
        repeat(sys.argv[1], int(sys.argv[2]))
    else:
        tell()
    ev.shutdown()
