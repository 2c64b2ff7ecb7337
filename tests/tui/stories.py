"""Two programs' events for pictures of the screen: always the same, at times of their own."""

from __future__ import annotations

from itertools import count

from otel_events.event import Severity
from tests.cli.conftest import BEGIN, SECOND, make

NOW = BEGIN / SECOND + 60  # Unix seconds: when the pictures are taken
STACK = """Traceback (most recent call last):
  File "train.py", line 41, in play
    task.set(policy_loss=self.update_policy(episode))
  File "train.py", line 88, in update_policy
    raise FloatingPointError(f"policy loss is {loss} after {steps:,} steps")
FloatingPointError: policy loss is inf after 12,000 steps
"""
_FAILED = {
    "severity": Severity.ERROR,
    "exception.type": "FloatingPointError",
    "exception.message": "policy loss is inf after 12,000 steps",
    "exception.stacktrace": STACK,
}


def training_run():
    """Three episodes in four environments with rewards by the hundred: the second one fails, the third goes on."""
    told = [("otel_events.writer.started", 0, {"pid": 4711}), ("training.started", 0.1, {"environments": 4})]
    for episode, begin in ((11, 2.0), (12, 22.0), (13, 42.0)):
        told += _episode(episode, begin, ends=begin + 18 < 60)
    return _numbered(told)


def _episode(number, begin, *, ends):
    task = {"task_id": f"episode-{number}", "task_name": "episode", "trace": 0xA0 + number, "span": number * 16}
    inner = {**task, "episode": number}
    yield "task.started", begin, inner
    for env in range(4):
        yield (
            "seed.germinated",
            begin + 0.1 + env / 100,
            {**inner, "env_id": env, "slot_id": f"r{env}c1", "blueprint": "attention"},
        )
    for step in range(16 * 40 if ends else 17 * 40):
        at = begin + 0.5 + step / 40
        yield "reward.computed", at, {**inner, "env_id": step % 4, "step": step, "reward": step * 37 % 100 / 100}
        if step % 160 == 80:
            env = step // 160 % 4
            seed = {**inner, "env_id": env, "slot_id": f"r{env}c1"}
            yield "seed.gate_evaluated", at, {**seed, "gate": "G1", "passed": env != 2}
            yield "seed.stage_changed" if env != 2 else "seed.pruned", at, {**seed, "improvement": 0.25 + env}
            yield "task.progress", at, {**inner, "progress": step / 640}
    if ends:
        yield from _update(number, begin + 17, task)


def _update(number, at, task):
    """The end of an episode: its policy is updated, or diverges."""
    inner = {**task, "task_id": f"update-{number}", "task_name": "update", "parent_task_id": task["task_id"]}
    inner |= {"episode": number, "span": number * 16 + 1}
    outer = {**task, "episode": number}
    yield "task.started", at, inner
    if number % 2:
        yield "ppo.update_completed", at + 0.4, {**inner, "policy_loss": 0.125, "value_loss": 0.0625, "entropy": 1.5}
        yield "task.completed", at + 0.5, {**inner, "duration": 0.5}
        yield "task.completed", at + 0.6, {**outer, "duration": 17.6, "policy_loss": 0.125}
    else:
        yield "task.failed", at + 0.5, {**inner, **_FAILED, "duration": 0.5}
        yield "task.failed", at + 0.6, {**outer, **_FAILED, "duration": 17.6}
        warning = {"severity": Severity.WARN, "message": "Policy diverged, taking the one before", "episode": number}
        yield "anomaly.detected", at + 0.7, warning


def pipeline():
    """Two cycles of three personas: a citation index is away, and is said to be; then a task runs. Two events are missing."""
    told = [("otel_events.writer.started", 0, {"pid": 4712}), ("session.start", 0.1, {"session_id": "s-1"})]
    for number, begin in ((1, 1.0), (2, 20.0)):
        told += _cycle(number, begin)
    around = {"cycle": 3, "persona": "thesis", "session_id": "s-1"}
    told += [
        ("cycle.start", 50, {"cycle": 3, "session_id": "s-1"}),
        ("task.started", 50.5, {**around, "task_id": "draft-3", "task_name": "draft"}),
    ]
    events = _numbered(told)
    return [*events[:5], *events[7:]]


def _cycle(number, begin):
    around = {"cycle": number, "session_id": "s-1", "trace": 0xC0 + number, "span": number * 16}
    yield "cycle.start", begin, around
    for place, (persona, task) in enumerate(
        (("thesis", "draft"), ("antithesis", "challenge"), ("synthesis", "resolve"))
    ):
        at = begin + 0.2 + place * 5
        phase = {**around, "persona": persona, "span": number * 16 + place + 1}
        inner = {**phase, "task_id": f"{task}-{number}", "task_name": task}
        yield f"{persona}.start", at, phase
        yield "task.started", at + 0.1, inner
        yield from _work(number, at + 1, inner)
        yield "task.completed", at + 4, {**inner, "duration": 3.9, "quality": 0.75}
        yield f"{persona}.end", at + 4.1, {**phase, "duration": 4.1}
    yield "cycle.end", begin + 16, {**around, "duration": 16.0}


def _work(number, at, task):
    """What happens in a persona's task."""
    if task["task_name"] == "draft":
        yield "evidence.added", at, {**task, "source": "cepeda-2006.pdf", "quality": 0.86}
        yield (
            "evidence.rejected",
            at + 1,
            {**task, "source": "a-forum-thread.html", "quality": 0.21, "reason": "not reviewed"},
        )
    elif task["task_name"] == "challenge":
        verify = {**task, "task_id": f"verify-{number}", "task_name": "verify", "parent_task_id": task["task_id"]}
        yield "task.started", at, {**verify, "source": "cepeda-2006.pdf"}
        if number == 1:
            yield "task.completed", at + 1, {**verify, "duration": 1.0}
            return
        away = {"exception.type": "ConnectionError", "exception.message": "the citation index does not answer"}
        yield "task.failed", at + 1, {**verify, **away, "duration": 1.0, "severity": Severity.ERROR}
        said = {"message": "Citation index away, going on unverified", "component": "citation-index"}
        yield "alert.triggered", at + 1.1, {**task, **said, "severity": Severity.WARN}
    else:
        yield "decision", at, {**task, "intention": "revise" if number == 1 else "answer", "confidence": 0.4 * number}


def _numbered(told):
    """In the order of time, each with its writer's number."""
    numbers = count(1)
    return [make(name, at, number=next(numbers), **more) for name, at, more in sorted(told, key=lambda each: each[1])]
